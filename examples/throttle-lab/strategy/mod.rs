//! What an application may do about a quota, and about a service that fails.

pub(crate) mod bedrock;
mod fixed_loop;
pub(crate) mod sdk;
mod semaphore;
mod tower_resilience;
mod tower_retry;

use std::{error::Error, fmt, future::Future, iter, pin::Pin, sync::Arc};

use aws_sdk_bedrockruntime::{config, operation::converse::ConverseInput};
use clap::ValueEnum;
use serde::Serialize;
use tower::{BoxError, Service, ServiceExt};

use crate::{batch::Batch, scenario::Scenario};

/// Makes one call, or says why it could not.
pub(crate) type Caller = Arc<dyn Fn(ConverseInput) -> Answer + Send + Sync>;
type Answer = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

/// Who decides when a call is sent, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Strategy {
    /// The SDK with its retries off.
    None,
    /// 5 tries, 1 s apart at first and then twice as long each time, without jitter.
    FixedLoop,
    /// The SDK's standard retries, 3 attempts.
    SdkStandard,
    /// The SDK's adaptive retries, 3 attempts.
    SdkAdaptive,
    /// tower's Retry with its `ExponentialBackoff` (1 s to 60 s, jitter) and its default budget.
    TowerRetry,
    /// tower-resilience: a rate limiter at the quota's rate, and up to 5 attempts with jitter.
    TowerResilience,
    /// At most 6 calls under way, and retries with jitter from 1 s to 32 s, any number of them.
    Semaphore,
    /// tower-bedrock's retry layer alone.
    Backoff,
    /// The retry layer of tower-bedrock's stack alone: 12 attempts.
    Retries,
    /// tower-bedrock's stack, told the quota per minute and per day.
    Stack,
    /// tower-bedrock's stack, told nothing.
    StackAdaptive,
    /// Arithmetic: a client that knows the meter, its state and every call, first come, first served.
    Oracle,
}

impl Strategy {
    /// The strategy around a client that is made of `config`, whose retries are off.
    ///
    /// # Panics
    ///
    /// For the oracle, which has no client.
    pub(crate) fn caller(
        self,
        config: config::Builder,
        scenario: &Scenario,
        batch: &Batch,
    ) -> Caller {
        match self {
            Self::None => sdk::once(config),
            Self::FixedLoop => fixed_loop::caller(config),
            Self::SdkStandard => sdk::standard(config),
            Self::SdkAdaptive => sdk::adaptive(config),
            Self::TowerRetry => tower_retry::caller(config, scenario.seed),
            Self::TowerResilience => tower_resilience::caller(config, scenario, batch),
            Self::Semaphore => semaphore::caller(config, scenario.seed),
            Self::Backoff => bedrock::backoff(config, scenario),
            Self::Retries => bedrock::retries(config, scenario),
            Self::Stack => bedrock::stack(config, scenario),
            Self::StackAdaptive => bedrock::stack_adaptive(config, scenario),
            Self::Oracle => unreachable!("the oracle is computed and calls nobody"),
        }
    }

    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name())
    }
}

/// Calls by clones of a service.
fn by_service<S, R>(service: S) -> Caller
where
    S: Service<R, Error: Into<BoxError>, Future: Send> + Clone + Send + Sync + 'static,
    R: From<ConverseInput> + Send + 'static,
{
    Arc::new(move |input| {
        let answer = service.clone().oneshot(R::from(input));
        Box::pin(async move {
            answer
                .await
                .map(drop)
                .map_err(|error| cause(&*error.into()))
        })
    })
}

/// What an error comes down to.
pub(crate) fn cause(error: &(dyn Error + 'static)) -> String {
    iter::successors(Some(error), |&error| error.source())
        .last()
        .map_or_else(String::new, ToString::to_string)
}
