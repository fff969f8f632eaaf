use aws_sdk_bedrockruntime::{
    config::{self, timeout::TimeoutConfig},
    operation::converse::ConverseInput,
};
use tower::{Layer, ServiceBuilder};
use tower_bedrock::{
    Bedrock, Request, StackLayer,
    policy::{self, CircuitPolicy, ModelQuota, Quotas, RetryPolicy},
    stack::RetryLayer,
    tower_backoff::AttemptTimeoutLayer,
};

use super::{Caller, by_service};
use crate::{
    scenario::{Quota, Scenario},
    server::{REGION, model_id},
};

/// Retries alone: any number of them, for 15 minutes.
pub(super) fn backoff(config: config::Builder, scenario: &Scenario) -> Caller {
    by_retries(policy::backoff_layer(), config, scenario)
}

/// The retries of the stack alone: 12 attempts.
pub(super) fn retries(config: config::Builder, scenario: &Scenario) -> Caller {
    by_retries(RetryPolicy::new().layer_over_quota(), config, scenario)
}

fn by_retries(retries: RetryLayer, config: config::Builder, scenario: &Scenario) -> Caller {
    let limit = scenario.attempt_timeout;
    let attempts = AttemptTimeoutLayer::new(move |_: &Request<ConverseInput>| limit);
    let service = ServiceBuilder::new()
        .layer(retries)
        .layer(attempts)
        .service(bedrock(config));
    by_service::<_, Request<ConverseInput>>(service)
}

/// The whole stack as it comes, and what an account's quotas page says: neither the burst nor the
/// meter. The cache has nothing to answer, as no two calls are the same.
pub(super) fn stack(config: config::Builder, scenario: &Scenario) -> Caller {
    let quotas = Quotas::new().model(model_id(scenario), model_quota(&scenario.quota));
    let stack = stack_layer(scenario).quotas(quotas);
    by_service::<_, Request<ConverseInput>>(stack.layer(bedrock(config)))
}

/// The whole stack as it comes.
pub(super) fn stack_adaptive(config: config::Builder, scenario: &Scenario) -> Caller {
    by_service::<_, Request<ConverseInput>>(stack_layer(scenario).layer(bedrock(config)))
}

fn stack_layer(scenario: &Scenario) -> StackLayer {
    let stack = StackLayer::new(REGION);
    match scenario.attempt_timeout {
        Some(limit) => {
            // Whoever sets it knows that answers are shorter.
            let policy = CircuitPolicy::new(REGION).longest_answer(limit);
            stack.attempt_timeout(limit).circuit_breaker(policy.layer())
        }
        None => stack,
    }
}

pub(crate) fn model_quota(quota: &Quota) -> ModelQuota {
    let mut told = ModelQuota::new();
    if let Some(rpm) = quota.rpm {
        told = told.requests_per_minute(rpm);
    }
    if let Some(tpm) = quota.tpm {
        told = told.tokens_per_minute(tpm);
    }
    if let Some(tpd) = quota.tpd {
        told = told.tokens_per_day(tpd);
    }
    told
}

/// The layers limit the time of an attempt, and not the SDK.
pub(crate) fn bedrock(config: config::Builder) -> Bedrock {
    Bedrock::new(config.timeout_config(TimeoutConfig::disabled()))
}
