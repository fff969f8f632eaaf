use std::{sync::Arc, time::Duration};

use aws_sdk_bedrockruntime::{
    config,
    error::SdkError,
    operation::converse::{ConverseError, ConverseInput, ConverseOutput},
};
use tokio::time::Sleep;
use tower::{
    ServiceBuilder,
    retry::{
        Policy, RetryLayer,
        backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff},
        budget::{Budget, TpsBudget},
    },
    util::rng::Rng,
};

use super::{
    Caller, by_service,
    sdk::{Sdk, SdkResult, is_transient},
};
use crate::server;

/// tower's own parts: its documentation bounds retries by a budget and not by a number.
pub(super) fn caller(config: config::Builder, seed: u64) -> Caller {
    let (least, longest) = (Duration::from_secs(1), Duration::from_secs(60));
    let waits =
        ExponentialBackoffMaker::new(least, longest, 0.99, Seeded(server::rng(seed, "tower")));
    let policy = RetryPolicy {
        waits: waits
            .expect("the least wait is below the longest")
            .make_backoff(),
        budget: Arc::new(TpsBudget::default()),
    };
    by_service::<_, ConverseInput>(
        ServiceBuilder::new()
            .layer(RetryLayer::new(policy))
            .service(Sdk::new(config)),
    )
}

#[derive(Clone)]
struct RetryPolicy {
    waits: ExponentialBackoff<Seeded>,
    budget: Arc<TpsBudget>,
}

/// Chance that is the same in every run.
#[derive(Clone)]
struct Seeded(fastrand::Rng);

impl Rng for Seeded {
    fn next_u64(&mut self) -> u64 {
        self.0.u64(..)
    }
}

impl Policy<ConverseInput, ConverseOutput, SdkError<ConverseError>> for RetryPolicy {
    type Future = Sleep;

    fn retry(&mut self, _: &mut ConverseInput, result: &mut SdkResult) -> Option<Sleep> {
        match result {
            Err(error) if is_transient(error) => {
                self.budget.withdraw().then(|| self.waits.next_backoff())
            }
            _ => {
                self.budget.deposit();
                None
            }
        }
    }

    fn clone_request(&mut self, input: &ConverseInput) -> Option<ConverseInput> {
        Some(input.clone())
    }
}
