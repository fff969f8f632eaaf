use aws_sdk_bedrockruntime::{config, operation::converse::ConverseInput};
use tower::Layer;
use tower_bedrock::{
    Bedrock, Request, StackLayer,
    policy::{self, ModelQuota, Quotas},
};

use super::{Caller, by_service};
use crate::{
    scenario::Scenario,
    server::{REGION, model_id},
};

/// Retries alone: any number of them, for 15 minutes.
pub(super) fn backoff(config: config::Builder) -> Caller {
    by_service::<_, Request<ConverseInput>>(policy::backoff_layer().layer(Bedrock::new(config)))
}

/// The whole stack as it comes, and what an account's quotas page says: neither the burst nor the
/// meter. The cache has nothing to answer, as no two calls are the same.
pub(super) fn stack(config: config::Builder, scenario: &Scenario) -> Caller {
    let mut quota = ModelQuota::new();
    if let Some(rpm) = scenario.quota.rpm {
        quota = quota.requests_per_minute(rpm);
    }
    if let Some(tpm) = scenario.quota.tpm {
        quota = quota.tokens_per_minute(tpm);
    }
    if let Some(tpd) = scenario.quota.tpd {
        quota = quota.tokens_per_day(tpd);
    }
    let quotas = Quotas::new().model(model_id(scenario), quota);
    let stack = StackLayer::new(REGION).quotas(quotas);
    by_service::<_, Request<ConverseInput>>(stack.layer(Bedrock::new(config)))
}

/// The whole stack as it comes.
pub(super) fn stack_adaptive(config: config::Builder) -> Caller {
    by_service::<_, Request<ConverseInput>>(StackLayer::new(REGION).layer(Bedrock::new(config)))
}
