//! Where is the prompt of a conversation in a Region's cache?

use super::set::MOST as REGIONS;
use std::{collections::HashMap, mem, time::Duration};
use tokio::time::Instant;

/// Bedrock keeps a prompt for five minutes after its last use, unless its cache point asks for more.
pub(crate) const KEPT: Duration = Duration::from_secs(5 * 60);

/// So many conversations are remembered, and as many again: a megabyte or two.
const GENERATION: usize = 8 * 1024;

/// A conversation with one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) conversation: u64,
    /// Caches are the model's and the account's, and a key is its tenant's own.
    pub(crate) model_and_tenant: u64,
}

/// A call that was answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note {
    pub(crate) region: usize,
    /// How many tokens of its prompt are in the cache now, and until when.
    pub(crate) tokens: u64,
    pub(crate) until: Instant,
    /// Whether others begin alike.
    pub(crate) is_shared: bool,
    pub(crate) now: Instant,
}

/// What a Region has in its cache of a prompt.
#[derive(Debug, Clone, Copy)]
struct Place {
    region: u8,
    tokens: u32,
    until: Instant,
}

/// What the Regions have in their caches of conversations.
///
/// Bounded: of two generations the older one is forgotten when the younger one is full. Whoever is
/// forgotten goes where a new conversation would go.
#[derive(Debug, Default)]
pub(crate) struct Warmth {
    young: Generation,
    old: Generation,
}

type Generation = HashMap<Key, Vec<Place>>;

/// What was forgotten: it takes a while to free, so that is not for whoever holds a lock.
#[must_use]
#[derive(Debug)]
pub(crate) struct Forgotten(#[allow(dead_code, reason = "it is dropped")] Option<Generation>);

impl Warmth {
    /// What each Region has of a prompt; `None` if no one has any.
    pub(crate) fn held(&self, key: &Key, now: Instant) -> Option<Held> {
        let places = self.young.get(key).or_else(|| self.old.get(key))?;
        let mut held = Held::default();
        for place in places.iter().filter(|place| place.until > now) {
            held.tokens[usize::from(place.region)] = place.tokens;
            held.most = held.most.max(place.tokens);
        }
        (held.most > 0).then_some(held)
    }

    /// Notes where a call was answered. Of a prompt that others share only what is common to all of them
    /// counts, the least that any left.
    pub(crate) fn note(&mut self, key: Key, note: &Note) -> Forgotten {
        let Note { now, until, .. } = *note;
        let mut forgotten = None;
        if !self.young.contains_key(&key) {
            if self.young.len() >= GENERATION {
                let full = mem::take(&mut self.young);
                forgotten = Some(mem::replace(&mut self.old, full));
            }
            let places = self.old.remove(&key).unwrap_or_default();
            self.young.insert(key, places);
        }
        let region = u8::try_from(note.region).unwrap_or(u8::MAX);
        let mut tokens = u32::try_from(note.tokens).unwrap_or(u32::MAX);
        if let Some(places) = self.young.get_mut(&key) {
            // Expired ones as well, or they would be as many as there are Regions.
            places.retain(|place| {
                let is_this = place.region == region;
                if is_this && note.is_shared && place.until > now {
                    tokens = tokens.min(place.tokens);
                }
                !is_this && place.until > now
            });
            if tokens > 0 {
                places.push(Place {
                    region,
                    tokens,
                    until,
                });
            }
            if places.is_empty() {
                self.young.remove(&key);
            }
        }
        Forgotten(forgotten)
    }
}

/// What each Region has of one prompt.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Held {
    tokens: [u32; REGIONS],
    most: u32,
}

impl Held {
    /// How many tokens `region` would have to write anew that another one has. Few are none: a prompt that
    /// has grown by a little is at home in both.
    pub(crate) fn missing(&self, region: usize) -> u64 {
        let missing = self.most - self.tokens[region];
        if missing <= self.most / 32 {
            0
        } else {
            missing.into()
        }
    }
}

#[cfg(test)]
mod tests;
