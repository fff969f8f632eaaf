//! What an answer tells of its Region.

use super::call::Call;
use crate::{
    operation::Operation,
    regions::{
        Choosing,
        warmth::{KEPT, Key, Note},
    },
    request::Conversation,
    response::{End, OnEnd, Reply, Usage},
    telemetry,
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// As long as a cache point can ask a prompt to be kept.
const AN_HOUR: Duration = Duration::from_secs(3600);

pub(super) fn answer<I: Operation>(call: &Call<I>, response: &mut I::Response, now: Instant) {
    let choosing = call.choosing();
    let region = call.place();
    choosing.counts(region).answer();
    let is_elsewhere = region > 0 && !choosing.settings.share_answers;
    if call.is_other_model() || is_elsewhere {
        response.meta_mut().origin.other_model = true;
    }
    let model = call.model();
    for left_out in choosing
        .was_served(model, region, call.missing(), now)
        .iter()
    {
        telemetry::left_out(&model.place(left_out).key, choosing.settings.left_out_for);
    }
    if let Some(key) = choosing.warmth_key(call.asked(), model) {
        conversation(call, response, key, now);
    }
}

fn conversation<I: Operation>(call: &Call<I>, response: &mut I::Response, key: Key, now: Instant) {
    let asked = call.asked();
    let is_shared = asked
        .options()
        .conversation()
        .is_some_and(Conversation::is_shared);
    // Nobody says what is in the cache: at most it is all.
    let unknown = match is_shared {
        true => 0,
        false => {
            asked
                .estimated(asked.quota_model().unwrap_or_default())
                .input_tokens
        }
    };
    let warm = Warm {
        choosing: Arc::clone(call.choosing()),
        key,
        region: call.place(),
        kept: if asked.is_kept_for_an_hour() {
            AN_HOUR
        } else {
            KEPT
        },
        is_shared,
        unknown,
    };
    match response.ends() {
        Some(ends) => ends.add(Box::new(warm)),
        None => warm.note(response.meta().usage(), now),
    }
}

/// A conversation whose prompt is in a Region's cache now.
struct Warm {
    choosing: Arc<Choosing>,
    key: Key,
    region: usize,
    kept: Duration,
    is_shared: bool,
    unknown: u64,
}

impl Warm {
    fn note(&self, usage: Option<Usage>, now: Instant) {
        let tokens = usage.map_or(self.unknown, |usage| {
            usage
                .cache_read_tokens
                .saturating_add(usage.cache_write_tokens)
        });
        let note = Note {
            region: self.region,
            tokens,
            until: now + self.kept,
            is_shared: self.is_shared,
            now,
        };
        self.choosing.is_warm(self.key, &note);
    }
}

/// A stream tells at its end what it used. Of one that breaks off or that its reader leaves nobody knows.
impl OnEnd for Warm {
    fn end(self: Box<Self>, end: &mut End) {
        if end.result.is_ok() {
            self.note(end.usage, Instant::now());
        }
    }
}
