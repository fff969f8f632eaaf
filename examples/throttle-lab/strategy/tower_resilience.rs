use std::time::Duration;

use aws_sdk_bedrockruntime::{config, operation::converse::ConverseInput};
use tower::ServiceBuilder;
use tower_resilience::{
    ratelimiter::{RateLimiterLayer, RateLimiterServiceError, WindowType},
    retry::{ExponentialRandomBackoff, RetryLayer},
};

use super::{
    Caller, by_service,
    sdk::{Sdk, is_transient},
};
use crate::{batch::Batch, scenario::Scenario};

/// As its documentation sets up a client of an API with a strict quota: a sliding log that makes
/// callers wait, inside of retries with jitter, at most 5 attempts.
///
/// Its circuit breaker looks at the system's clock, which virtual time does not move: once open, it
/// would stay so.
pub(super) fn caller(config: config::Builder, scenario: &Scenario, batch: &Batch) -> Caller {
    let limiter = RateLimiterLayer::per_minute(calls_per_minute(scenario, batch))
        .window_type(WindowType::SlidingLog)
        .backpressure()
        .build()
        .expect("a limit of at least one call");
    let waits = ExponentialRandomBackoff::new(Duration::from_secs(1), 0.5)
        .expect("half is between none and all")
        .max_interval(Duration::from_secs(60));
    let retry = RetryLayer::builder()
        .max_attempts(5)
        .backoff(waits)
        .retry_on(|error: &RateLimiterServiceError<_>| match error {
            RateLimiterServiceError::RateLimited => true,
            RateLimiterServiceError::Inner(error) => is_transient(error),
        })
        .build();
    by_service::<_, ConverseInput>(
        ServiceBuilder::new()
            .layer(retry)
            .layer(limiter)
            .service(Sdk::new(config)),
    )
}

/// It counts calls, so it is told how many average ones the quota allows.
fn calls_per_minute(scenario: &Scenario, batch: &Batch) -> usize {
    let calls = 60.0 * scenario.quota.calls_per_second(batch.mean_charge());
    (calls as usize).max(1)
}
