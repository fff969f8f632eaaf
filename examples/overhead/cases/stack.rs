//! The layers together.

use std::time::Duration;

use tower::ServiceBuilder;
use tower_backoff::BackoffLayer;
use tower_circuit_breaker::CircuitBreakerLayer;
use tower_quota::{Ask, QuotaLayer};
use tower_resilience::{circuitbreaker, ratelimiter::RateLimiterServiceError, retry};

use super::{backoff::verdict, breaker::health, quota};
use crate::{
    immediate::{Immediate, Refused},
    measure::{Candidate, Implementation},
};

/// What a call pays that no cache answers: retries over a circuit breaker over a quota.
pub(super) fn miss() -> Vec<Candidate> {
    let ours = ServiceBuilder::new()
        .layer(BackoffLayer::new(verdict::<Refused>))
        .layer(CircuitBreakerLayer::new(health::<Refused>))
        .layer(QuotaLayer::new(quota::plenty(), |_: &u64| {
            Ask::new("model")
        }))
        .service(Immediate);
    type PeerError = circuitbreaker::CircuitBreakerError<RateLimiterServiceError<Refused>>;
    let retry: retry::RetryLayer<u64, u64, PeerError> = retry::RetryLayer::builder()
        .max_attempts(8)
        .exponential_backoff(Duration::from_millis(100))
        .build();
    let breaker = circuitbreaker::CircuitBreakerLayer::builder()
        .build()
        .expect("the defaults are valid");
    let peer = ServiceBuilder::new()
        .layer(retry)
        .layer(breaker)
        .layer(quota::peer_layer())
        .service(Immediate);
    vec![
        Candidate::new(Implementation::Ours, ours),
        Candidate::new(Implementation::TowerResilience, peer),
    ]
}
