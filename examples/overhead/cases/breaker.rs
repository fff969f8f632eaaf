//! Circuits that stay closed.

use std::time::Duration;

use tower::{Layer, Service};
use tower_circuit_breaker::{CircuitBreakerLayer, Verdict, Window};
use tower_resilience::circuitbreaker::{CircuitBreakerLayer as PeerLayer, SlidingWindowType};

use crate::{
    immediate::Immediate,
    measure::{Caller, Candidate, Implementation},
};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Both with the rules that they have by default.
pub(super) fn closed() -> Vec<Candidate> {
    vec![
        Candidate::new(Implementation::Ours, ours()),
        Candidate::new(Implementation::TowerResilience, peer()),
    ]
}

/// Both with a window of the last 100 calls.
pub(super) fn closed_count() -> Vec<Candidate> {
    vec![
        Candidate::new(Implementation::Ours, ours_by_count()),
        Candidate::new(Implementation::TowerResilience, peer()),
    ]
}

pub(super) fn closed_on_two_threads() -> Vec<Candidate> {
    vec![
        Candidate::on_two_threads(Implementation::Ours, ours()),
        Candidate::on_two_threads(Implementation::TowerResilience, peer()),
    ]
}

pub(super) fn closed_count_on_two_threads() -> Vec<Candidate> {
    vec![
        Candidate::on_two_threads(Implementation::Ours, ours_by_count()),
        Candidate::on_two_threads(Implementation::TowerResilience, peer()),
    ]
}

/// Ours only: a peer's window does not stay empty while it is measured.
pub(super) fn time_window_empty() -> Vec<Candidate> {
    vec![Candidate::new(Implementation::Ours, ours_by_time())]
}

/// A million calls in ours; in the peer's ten thousand, as each call of it looks at all of them.
pub(super) fn time_window_full() -> Vec<Candidate> {
    let caller = Caller::new();
    let mut ours = ours_by_time();
    (0..1_000_000).for_each(|request| caller.call(&mut ours, request));
    let mut peer = PeerLayer::builder()
        .sliding_window_type(SlidingWindowType::TimeBased)
        .sliding_window_duration(HOUR)
        .build()
        .expect("the window has a duration")
        .layer(Immediate);
    (0..10_000).for_each(|request| caller.call(&mut peer, request));
    vec![
        Candidate::new(Implementation::Ours, ours),
        Candidate::new(Implementation::TowerResilience, peer).share(0.0005),
    ]
}

pub(super) fn health<E>(result: &Result<u64, E>) -> Verdict {
    match result {
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Failure,
    }
}

fn ours() -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    CircuitBreakerLayer::new(health).layer(Immediate)
}

fn ours_by_count() -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    CircuitBreakerLayer::new(health)
        .failure_rate(0.5, Window::calls(100))
        .layer(Immediate)
}

fn ours_by_time() -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    CircuitBreakerLayer::new(health)
        .failure_rate(0.5, Window::time(HOUR))
        .layer(Immediate)
}

fn peer() -> impl Service<u64, Response = u64> + Clone + Send + 'static {
    PeerLayer::builder()
        .build()
        .expect("the defaults are valid")
        .layer(Immediate)
}
