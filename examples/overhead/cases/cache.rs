//! Answers from a cache.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tower::{Layer, Service};
use tower_resilience::cache::CacheLayer as PeerLayer;
use tower_response_cache::{ByKey, ResponseCacheLayer};

use crate::{
    immediate::Immediate,
    measure::{Caller, Candidate, Implementation},
};

/// As many answers as a round has different requests; all of them are stored before it starts.
const ANSWERS: u64 = 1000;
/// How many answers a cache has room for.
const STORED: u64 = 10 * ANSWERS;
const HOUR: Duration = Duration::from_secs(60 * 60);

/// Every call is a hit, under a key of 8 bytes and with a value as small.
pub(super) fn hit() -> Vec<Candidate> {
    vec![
        Candidate::new(Implementation::Ours, ours()),
        Candidate::new(Implementation::TowerResilience, peer()),
    ]
}

pub(super) fn hit_on_two_threads() -> Vec<Candidate> {
    vec![
        Candidate::on_two_threads(Implementation::Ours, ours()),
        Candidate::on_two_threads(Implementation::TowerResilience, peer()),
    ]
}

/// Every call is a miss whose answer takes the place of an older one.
pub(super) fn miss() -> Vec<Candidate> {
    vec![
        Candidate::new(Implementation::Ours, ours_by(new_key())),
        Candidate::new(Implementation::TowerResilience, peer_by(new_key())),
    ]
}

fn new_key() -> impl Fn(&u64) -> u64 + Send + Sync + 'static {
    let keys = AtomicU64::new(0);
    move |_| keys.fetch_add(1, Ordering::Relaxed)
}

fn ours() -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    ours_by(|request| request % ANSWERS)
}

fn peer() -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    peer_by(|request| request % ANSWERS)
}

fn ours_by(
    key: impl Fn(&u64) -> u64 + Send + Sync + 'static,
) -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    let policy = ByKey::new(HOUR, move |request: &u64| Some(key(request)));
    filled(ResponseCacheLayer::new(policy, STORED).layer(Immediate))
}

fn peer_by(
    key: impl Fn(&u64) -> u64 + Send + Sync + 'static,
) -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    let layer = PeerLayer::builder()
        .max_size(STORED as usize)
        .ttl(HOUR)
        .key_extractor(key)
        .build()
        .expect("it has a key");
    filled(layer.layer(Immediate))
}

/// A cache that is full, if each request has a key of its own.
fn filled<S: Service<u64, Response = u64>>(mut service: S) -> S {
    let caller = Caller::new();
    (0..2 * STORED).for_each(|request| caller.call(&mut service, request));
    service
}
