//! Requests, and how a cache took part in their answers.

use aws_sdk_bedrockruntime::{
    operation::{
        converse::ConverseInput, count_tokens::CountTokensInput, invoke_model::InvokeModelInput,
    },
    primitives::Blob,
    types::{ConverseTokensRequest, CountTokensInput as Counted},
};
use bedrock_sim::Simulator;
use std::time::Duration;
use tower::{Service, ServiceExt};
use tower_bedrock::{CacheStatus, Error, Operation, Request, Response, policy::CachePolicy};

use crate::common::{BASE_MODEL, MODEL, prompt};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) const MIB: u64 = 1 << 20;

pub(crate) fn policy() -> CachePolicy {
    CachePolicy::new("us-east-1", HOUR)
}

pub(crate) fn admitted(sim: &Simulator) -> u64 {
    sim.usage().model(MODEL).map_or(0, |model| model.admitted)
}

/// Asks twice, and says how the cache took part in each answer.
pub(crate) async fn twice<I, S>(service: &S, request: I) -> [Option<CacheStatus>; 2]
where
    I: Operation,
    S: Service<Request<I>, Response = Response<I::Output>, Error = Error> + Clone,
{
    let first = service.clone().oneshot(Request::new(request.clone()));
    let first = first.await.expect("the simulator answers").meta().cache();
    let again = service.clone().oneshot(Request::new(request));
    [
        first,
        again.await.expect("the simulator answers").meta().cache(),
    ]
}

pub(crate) const KEPT: [Option<CacheStatus>; 2] = [Some(CacheStatus::Miss), Some(CacheStatus::Hit)];
pub(crate) const NOT_KEPT: [Option<CacheStatus>; 2] = [Some(CacheStatus::Miss); 2];
pub(crate) const BYPASSED: [Option<CacheStatus>; 2] = [Some(CacheStatus::Bypass); 2];

pub(crate) fn warm(temperature: Option<f32>) -> ConverseInput {
    let mut input = prompt("hello");
    let inference = input.inference_config.as_mut();
    inference.expect("prompts have one").temperature = temperature;
    input
}

pub(crate) fn invoke(temperature: &str) -> InvokeModelInput {
    let body = format!(
        r#"{{"anthropic_version":"bedrock-2023-05-31","max_tokens":400{temperature},
            "messages":[{{"role":"user","content":"hello"}}]}}"#
    );
    InvokeModelInput::builder()
        .model_id(MODEL)
        .body(Blob::new(body))
        .build()
        .expect("nothing is required")
}

pub(crate) fn count() -> CountTokensInput {
    let request = ConverseTokensRequest::builder()
        .set_messages(prompt("hello").messages)
        .build();
    CountTokensInput::builder()
        .model_id(BASE_MODEL)
        .input(Counted::Converse(request))
        .build()
        .expect("nothing is required")
}
