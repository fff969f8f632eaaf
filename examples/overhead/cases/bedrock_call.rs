//! What a call costs through the whole stack, beside the SDK's client alone, on a wire in process
//! that answers at once.

use std::{
    fmt,
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_sdk_bedrockruntime::{Client, config::Builder, operation::converse::ConverseInput};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use bedrock_sim::Simulator;
use tokio::runtime::Runtime;
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, Request, StackLayer,
    policy::{ModelQuota, Quotas},
};

use super::bedrock::{MODEL, REGION, prompt};
use crate::measure::{Candidate, Implementation};

const ANSWER: &str = r#"{"output": {"message": {"role": "assistant", "content": [{"text": "Hi."}]}},
    "stopReason": "end_turn", "metrics": {"latencyMs": 200},
    "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}}"#;

pub(super) fn of_2kb() -> Vec<Candidate> {
    calls(2 << 10, 0.02)
}

pub(super) fn of_200kb() -> Vec<Candidate> {
    calls(200 << 10, 0.002)
}

pub(super) fn of_1mb() -> Vec<Candidate> {
    calls(1 << 20, 0.001)
}

/// Both get a new input for each call, whose making takes no time, and give it away.
fn calls(length: usize, share: f64) -> Vec<Candidate> {
    let prompt = Arc::new(prompt(length));
    let new = move || {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut input = ConverseInput::clone(&prompt);
        // Another request each time: no call finds an answer in the cache.
        input.additional_model_response_field_paths = Some(vec![format!("/{number:016}")]);
        input
    };
    let through_the_stack = {
        let runtime = runtime();
        let quota = ModelQuota::new().tokens_per_minute(u64::MAX >> 20);
        let stack = StackLayer::new(REGION).quotas(Quotas::new().model(MODEL, quota));
        let service = stack.layer(Bedrock::new(config(ANSWER)));
        move |input: ConverseInput| {
            let call = service.clone().oneshot(Request::new(input));
            let answer = runtime.block_on(call).expect("the wire answers");
            assert!(black_box(answer).meta().usage().is_some());
        }
    };
    let through_the_client = {
        let (runtime, client) = (runtime(), Client::from_conf(config(ANSWER).build()));
        move |input: ConverseInput| {
            let call = client
                .converse()
                .set_model_id(input.model_id)
                .set_messages(input.messages)
                .set_inference_config(input.inference_config)
                .set_additional_model_response_field_paths(
                    input.additional_model_response_field_paths,
                );
            let answer = runtime.block_on(call.send()).expect("the wire answers");
            assert!(black_box(answer).usage.is_some());
        }
    };
    vec![
        Candidate::given(Implementation::Ours, new.clone(), through_the_stack).share(share),
        Candidate::given(Implementation::Sdk, new.clone(), through_the_client).share(share),
    ]
}

pub(super) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a timer needs no rights")
}

/// Of a client whose calls are all answered at once, with this body.
pub(super) fn config<B>(body: B) -> Builder
where
    B: Into<SdkBody> + Clone + Send + Sync + 'static,
{
    Simulator::new()
        .sdk_config()
        .http_client(SharedHttpClient::new(Wire(body)))
}

/// Answers at once.
#[derive(Clone)]
struct Wire<B>(B);

impl<B> fmt::Debug for Wire<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl<B> HttpClient for Wire<B>
where
    B: Into<SdkBody> + Clone + Send + Sync + 'static,
{
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl<B> HttpConnector for Wire<B>
where
    B: Into<SdkBody> + Clone + Send + Sync + 'static,
{
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        black_box(request);
        let body = self.0.clone().into();
        let response = HttpResponse::new(200.try_into().expect("it is a status"), body);
        HttpConnectorFuture::ready(Ok(response))
    }
}
