use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::Arc,
};

/// The calls under way, by key, and who waits for them. Plain data; `W` is how to tell a waiter.
///
/// A key has more than one flight while it is refreshed during an earlier call, after it was
/// invalidated during one, or while an answer is on its way to a second level. The last flight of a
/// key is the one that others may join.
#[derive(Debug)]
pub(crate) struct FlightTable<K, W> {
    next: u64,
    by_key: HashMap<K, Vec<Flight<W>>>,
}

#[derive(Debug)]
struct Flight<W> {
    id: u64,
    /// Not invalidated, and no later call of this key has an answer to store.
    keepable: bool,
    /// Not invalidated and not ended: whoever asks now may have this answer.
    joinable: bool,
    /// Its callers have their answer; a second level has yet to take it.
    landed: bool,
    /// The tags of its answer, once that is known.
    tags: Option<Arc<[Arc<str>]>>,
    /// The tags that were invalidated meanwhile.
    revoked: Vec<Arc<str>>,
    /// First come, first served.
    waiters: BTreeMap<u64, W>,
}

/// A place in the queue of a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) flight: u64,
    ticket: u64,
}

/// What is left of a flight that has its answer.
#[derive(Debug)]
pub(crate) struct Ended<W> {
    pub(crate) waiters: BTreeMap<u64, W>,
    pub(crate) keepable: bool,
}

impl<K, W> FlightTable<K, W> {
    pub(crate) fn new() -> Self {
        Self {
            next: 0,
            by_key: HashMap::new(),
        }
    }

    /// The number of flights without an answer, and of those who wait for one.
    pub(crate) fn count(&self) -> (u64, u64) {
        let flights = self.by_key.values().flatten().filter(|f| !f.landed);
        flights.fold((0, 0), |(flights, waiting), flight| {
            (flights + 1, waiting + flight.waiters.len() as u64)
        })
    }

    /// Keeps every flight under way from being stored or joined.
    pub(crate) fn revoke_all(&mut self) {
        self.by_key.values_mut().flatten().for_each(Flight::revoke);
    }

    /// Keeps the flights with an answer of `tag` from being stored. Whether they have is not known
    /// beforehand, so none of those under way can be joined any more.
    pub(crate) fn revoke_tag(&mut self, tag: &Arc<str>) {
        for flight in self.by_key.values_mut().flatten() {
            flight.joinable = false;
            let has_tag = |tags: &Arc<[_]>| tags.contains(tag);
            flight.keepable &= !flight.tags.as_ref().is_some_and(has_tag);
            flight.revoked.push(Arc::clone(tag));
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl<K: Hash + Eq, W> FlightTable<K, W> {
    /// Starts a flight, which others may join from now on.
    pub(crate) fn start(&mut self, key: K) -> u64 {
        let id = self.number();
        self.by_key.entry(key).or_default().push(Flight {
            id,
            keepable: true,
            joinable: true,
            landed: false,
            tags: None,
            revoked: Vec::new(),
            waiters: BTreeMap::new(),
        });
        id
    }

    /// Whether `key` has a flight to join.
    pub(crate) fn is_joinable(&self, key: &K) -> bool {
        let last = self.by_key.get(key).and_then(|flights| flights.last());
        last.is_some_and(|flight| flight.joinable)
    }

    /// Takes a place in the last flight of `key`, if there is one to join.
    pub(crate) fn join(&mut self, key: &K, waiter: impl FnOnce() -> W) -> Option<Place> {
        let ticket = self.number();
        let flight = self.by_key.get_mut(key)?.last_mut()?;
        if !flight.joinable {
            return None;
        }
        flight.waiters.insert(ticket, waiter());
        Some(Place {
            flight: flight.id,
            ticket,
        })
    }

    /// Gives a place back.
    pub(crate) fn leave(&mut self, key: &K, place: Place) -> Option<W> {
        self.find(key, place.flight)?.waiters.remove(&place.ticket)
    }

    /// Takes the next waiter out of the queue. With nobody left the flight ends, unless its work is
    /// to go on.
    pub(crate) fn next(&mut self, key: &K, flight: u64, goes_on: bool) -> Option<W> {
        let next = self.find(key, flight)?.waiters.pop_first();
        if next.is_none() && !goes_on {
            self.end(key, flight);
        }
        next.map(|(_, waiter)| waiter)
    }

    /// Claims the right to store an answer with `tags` for `flight`, unless it was revoked. Earlier
    /// flights lose theirs.
    pub(crate) fn claim(&mut self, key: &K, flight: u64, tags: Arc<[Arc<str>]>) -> bool {
        let Some(flights) = self.by_key.get_mut(key) else {
            return false;
        };
        let Some(at) = flights.iter().position(|f| f.id == flight) else {
            return false;
        };
        let (earlier, flight) = flights.split_at_mut(at);
        let flight = &mut flight[0];
        flight.keepable &= !tags.iter().any(|tag| flight.revoked.contains(tag));
        flight.tags = Some(tags);
        if flight.keepable {
            for earlier in earlier {
                earlier.keepable = false;
            }
        }
        flight.keepable
    }

    /// Ends the wait for a flight, which stays until it has [ended](Self::end).
    pub(crate) fn land(&mut self, key: &K, flight: u64) -> Option<Ended<W>> {
        let flight = self.find(key, flight)?;
        flight.joinable = false;
        flight.landed = true;
        Some(Ended {
            waiters: std::mem::take(&mut flight.waiters),
            keepable: flight.keepable,
        })
    }

    /// Ends a flight unless what it has stored meanwhile is to be taken back.
    pub(crate) fn end_if_keepable(&mut self, key: &K, flight: u64) -> bool {
        let keepable = self.find(key, flight).is_none_or(|flight| flight.keepable);
        if keepable {
            self.end(key, flight);
        }
        keepable
    }

    /// Whether the second level may have an answer for `key` that is about to be taken back.
    pub(crate) fn is_taking_back(&self, key: &K) -> bool {
        let mut flights = self.by_key.get(key).into_iter().flatten();
        flights.any(|flight| flight.landed && !flight.keepable)
    }

    /// Ends a flight.
    pub(crate) fn end(&mut self, key: &K, flight: u64) -> Option<Ended<W>> {
        let flights = self.by_key.get_mut(key)?;
        let at = flights.iter().position(|f| f.id == flight)?;
        let Flight {
            waiters, keepable, ..
        } = flights.remove(at);
        if flights.is_empty() {
            self.by_key.remove(key);
        }
        Some(Ended { waiters, keepable })
    }

    /// Keeps the flights of `key` from being stored or joined.
    pub(crate) fn revoke(&mut self, key: &K) {
        let flights = self.by_key.get_mut(key);
        flights.into_iter().flatten().for_each(Flight::revoke);
    }

    fn find(&mut self, key: &K, flight: u64) -> Option<&mut Flight<W>> {
        let flights = self.by_key.get_mut(key)?;
        flights.iter_mut().find(|f| f.id == flight)
    }
}

impl<W> Flight<W> {
    fn revoke(&mut self) {
        self.keepable = false;
        self.joinable = false;
    }
}

#[cfg(test)]
mod tests;
