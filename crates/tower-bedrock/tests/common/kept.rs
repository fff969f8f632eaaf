//! What the tests of streams in the cache share: a stack, and a reader of its streams.

#![allow(dead_code, reason = "each test program uses a part of it")]

use crate::common::{MODEL, bedrock, stream_prompt};
use aws_sdk_bedrockruntime::{
    operation::converse_stream::ConverseStreamInput, types::ConverseStreamOutput as Event,
};
use bedrock_sim::Simulator;
use std::time::Duration;
use tower::{Layer, ServiceExt};
use tower_bedrock::{Error, EventStream, Request, Stack, StackLayer, policy::CachePolicy};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const MIB: u64 = 1 << 20;
pub(crate) const KEY: &str = "us-east-1/us.anthropic.claude-sonnet-4-5-20250929-v1:0";

pub(crate) fn policy() -> CachePolicy {
    CachePolicy::new("us-east-1", HOUR)
}

pub(crate) fn stack(sim: &Simulator) -> Stack {
    stack_with(sim, policy())
}

pub(crate) fn stack_with(sim: &Simulator, policy: CachePolicy) -> Stack {
    let layer = StackLayer::new("us-east-1").cache(policy.layer(64 * MIB));
    layer.layer(bedrock(sim))
}

pub(crate) fn request() -> Request<ConverseStreamInput> {
    Request::new(stream_prompt("hello"))
}

pub(crate) async fn ask(stack: &Stack) -> EventStream<Event> {
    let call = stack.clone().oneshot(request());
    call.await.expect("the simulator answers")
}

pub(crate) async fn rest(stream: &mut EventStream<Event>) -> (Vec<Event>, Option<Error>) {
    let mut events = vec![];
    loop {
        match stream.recv().await {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None),
            Err(error) => return (events, Some(error)),
        }
    }
}

pub(crate) fn admitted(sim: &Simulator) -> u64 {
    sim.usage().model(MODEL).map_or(0, |model| model.admitted)
}
