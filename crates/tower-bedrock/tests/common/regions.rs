//! Two Regions, each with a simulator and a real client.

#![allow(dead_code, reason = "each test program uses a part of it")]

use super::common::{MODEL, prompt};
use aws_sdk_bedrockruntime::{config::Region, operation::converse::ConverseOutput};
use bedrock_sim::{Model, Simulator};
use std::time::Duration;
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};
use tower_bedrock::{
    Bedrock, Error, Regions, Request, Response, Stack, StackLayer,
    policy::{ModelQuota, Quotas},
};

pub(crate) const EAST: &str = "us-east-1";
pub(crate) const WEST: &str = "us-west-2";

pub(crate) fn bedrock_in(sim: &Simulator, region: &'static str) -> Bedrock {
    Bedrock::new(sim.sdk_config().region(Region::new(region)))
}

pub(crate) fn listed(east: &Simulator, west: &Simulator) -> Regions {
    Regions::of([
        (EAST, bedrock_in(east, EAST)),
        (WEST, bedrock_in(west, WEST)),
    ])
}

/// A simulator with so many calls a minute, ten seconds of them at once.
pub(crate) fn limited(requests: u64) -> Simulator {
    Simulator::new().model(Model::new(MODEL).requests_per_minute(requests))
}

/// What the ledger is told of such simulators.
pub(crate) fn quotas(east: u64, west: u64) -> Quotas {
    let quota = |requests| ModelQuota::new().requests_per_minute(requests);
    Quotas::new()
        .model_in(EAST, MODEL, quota(east))
        .model_in(WEST, MODEL, quota(west))
}

/// A stack without a cache over both.
pub(crate) fn stack_of(
    regions: Regions,
    quotas: Quotas,
) -> (Stack<Regions>, tower_bedrock::stack::Handle) {
    let layer = StackLayer::new(&regions).quotas(quotas);
    let handle = layer.handle();
    (layer.layer(regions), handle)
}

pub(crate) fn admitted(sim: &Simulator) -> u64 {
    sim.usage().model(MODEL).map_or(0, |usage| usage.admitted)
}

pub(crate) fn throttled(sim: &Simulator) -> u64 {
    sim.usage().model(MODEL).map_or(0, |usage| usage.throttled)
}

/// Makes a call of its own, and says how long it took.
pub(crate) async fn call<S>(
    stack: &S,
    text: impl ToString,
) -> (Result<Response<ConverseOutput>, Error>, Duration)
where
    S: Clone
        + Service<
            Request<aws_sdk_bedrockruntime::operation::converse::ConverseInput>,
            Response = Response<ConverseOutput>,
            Error = Error,
        >,
{
    let start = Instant::now();
    let result = stack
        .clone()
        .oneshot(prompt(&text.to_string()).into())
        .await;
    (result, start.elapsed())
}
