//! Answers from a cache.

use std::time::Duration;

use tower::{Layer, Service};
use tower_resilience::cache::CacheLayer as PeerLayer;
use tower_response_cache::{ByKey, ResponseCacheLayer};

use crate::{
    immediate::Immediate,
    measure::{Caller, Candidate, Implementation},
};

/// As many answers as a round has different requests; all of them are stored before it starts.
const ANSWERS: u64 = 1000;
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

fn ours() -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    let policy = ByKey::new(HOUR, |request: &u64| Some(request % ANSWERS));
    filled(ResponseCacheLayer::new(policy, 10 * ANSWERS).layer(Immediate))
}

fn peer() -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    let layer = PeerLayer::builder()
        .max_size(10 * ANSWERS as usize)
        .ttl(HOUR)
        .key_extractor(|request: &u64| request % ANSWERS)
        .build()
        .expect("it has a key");
    filled(layer.layer(Immediate))
}

fn filled<S: Service<u64, Response = u64>>(mut service: S) -> S {
    let caller = Caller::new();
    (0..ANSWERS).for_each(|request| caller.call(&mut service, request));
    service
}
