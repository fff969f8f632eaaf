//! Quotas that are never used up.

use std::time::Duration;

use tower::{Layer, Service};
use tower_quota::{Ask, Cost, Limit, QuotaLayer, Settle};
use tower_resilience::ratelimiter::RateLimiterLayer as PeerLayer;

use crate::{
    immediate::Immediate,
    measure::{Caller, Candidate, Implementation},
};

const PLENTY: u64 = 1 << 40;

/// One permit on both sides.
pub(super) fn admit() -> Vec<Candidate> {
    vec![
        Candidate::new(Implementation::Ours, ours(1)),
        Candidate::new(Implementation::TowerResilience, peer()),
    ]
}

/// Ours takes a call and its tokens at once, and settles them with what it came to.
pub(super) fn admit_tokens() -> Vec<Candidate> {
    let limits = [Limit::tokens_per_minute(PLENTY).burst(PLENTY), plenty()];
    vec![
        Candidate::new(
            Implementation::Ours,
            QuotaLayer::new(limits, Tokens).layer(Immediate),
        ),
        Candidate::new(Implementation::TowerResilience, peer()),
    ]
}

/// The peer has no keys: all calls are of one limiter.
pub(super) fn admit_many_keys() -> Vec<Candidate> {
    const KEYS: u64 = 10_000;
    let caller = Caller::new();
    let mut ours = ours(KEYS);
    (0..KEYS).for_each(|request| caller.call(&mut ours, request));
    vec![
        Candidate::new(Implementation::Ours, ours),
        Candidate::new(Implementation::TowerResilience, peer()),
    ]
}

pub(super) fn admit_on_two_threads() -> Vec<Candidate> {
    vec![
        Candidate::on_two_threads(Implementation::Ours, ours(1)),
        Candidate::on_two_threads(Implementation::TowerResilience, peer()),
    ]
}

/// More calls a minute than can be made.
pub(super) fn plenty() -> Limit {
    Limit::calls_per_minute(PLENTY).burst(PLENTY)
}

/// Half of the tokens come back.
#[derive(Clone)]
struct Tokens;

impl<E> Cost<u64, u64, E> for Tokens {
    type Key = &'static str;
    type Context = ();

    fn ask(&self, _: &u64) -> (Ask<&'static str>, ()) {
        (Ask::new("model").tokens(1000), ())
    }

    fn settle(&self, (): &(), _: &mut Result<u64, E>) -> Settle {
        Settle::Used(500)
    }
}

fn ours(keys: u64) -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    QuotaLayer::new(plenty(), move |request: &u64| Ask::new(request % keys))
        .max_idle_keys(2 * keys as usize)
        .layer(Immediate)
}

pub(super) fn peer_layer() -> PeerLayer {
    PeerLayer::builder()
        .limit_for_period(usize::MAX)
        .refresh_period(Duration::from_secs(60))
        .build()
        .expect("the limit is above nothing")
}

fn peer() -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    peer_layer().layer(Immediate)
}
