//! The leaf, operation by operation, through the real SDK client against the simulator.

mod common;

use aws_sdk_bedrockruntime::{
    Client,
    config::retry::RetryConfig,
    operation::{
        apply_guardrail::ApplyGuardrailInput, count_tokens::CountTokensInput,
        invoke_model::InvokeModelInput,
    },
    primitives::Blob,
    types::{
        ContentBlock, ConverseTokensRequest, CountTokensInput as Count, GuardrailContentBlock,
        GuardrailContentSource, GuardrailTextBlock,
    },
};
use bedrock_sim::{Fault, Simulator};
use common::{BASE_MODEL, MODEL, bedrock, prompt, simulator};
use tower::{Service, ServiceExt};
use tower_bedrock::{Bedrock, ErrorKind, Request, Usage};

fn invoke(body: &str) -> InvokeModelInput {
    InvokeModelInput::builder()
        .model_id(MODEL)
        .body(Blob::new(body))
        .build()
        .expect("nothing is required")
}

const ANTHROPIC: &str = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":64,
    "messages":[{"role":"user","content":"hello"}]}"#;

#[tokio::test(start_paused = true)]
async fn converse_answers_with_its_output_usage_and_request_id() {
    let response = bedrock(&simulator())
        .oneshot(Request::new(prompt("hello")))
        .await
        .unwrap();
    let message = response.output.as_ref().unwrap().as_message().unwrap();
    assert!(matches!(&message.content[..], [ContentBlock::Text(text)] if !text.is_empty()));
    let reported = response.usage.as_ref().unwrap();
    assert_eq!(response.meta().usage(), Some(Usage::from(reported)));
    assert_eq!(
        response.meta().usage().unwrap().total_tokens(),
        reported.total_tokens as u64
    );
    assert!(
        response
            .meta()
            .request_id()
            .is_some_and(|id| !id.is_empty())
    );
    assert_eq!(
        (
            response.meta().attempts(),
            response.meta().cache(),
            response.meta().saved()
        ),
        (1, None, None)
    );
}

#[tokio::test(start_paused = true)]
async fn every_field_of_the_input_reaches_bedrock() {
    // The whole input is swapped in at once, so one far field stands for all of them.
    let sim = simulator();
    let mut input = prompt("hello");
    input.inference_config.as_mut().unwrap().max_tokens = Some(1);
    let response = bedrock(&sim).oneshot(Request::new(input)).await.unwrap();
    assert_eq!(response.meta().usage().unwrap().output_tokens, 1);
    assert_eq!(response.stop_reason.as_str(), "max_tokens");
}

#[tokio::test(start_paused = true)]
async fn invoke_model_reads_its_usage_from_the_headers() {
    let call = bedrock(&simulator()).oneshot(Request::new(invoke(ANTHROPIC)));
    let response = call.await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(response.body.as_ref()).unwrap();
    let count = |name: &str| body["usage"][name].as_u64().unwrap();
    let usage = Usage::new(count("input_tokens"), count("output_tokens"));
    assert_eq!(response.meta().usage(), Some(usage));
    assert!(response.meta().request_id().is_some());
}

#[tokio::test(start_paused = true)]
async fn invoke_model_errors_are_of_the_same_type() {
    let call = bedrock(&simulator()).oneshot(Request::new(invoke("{}")));
    let error = call.await.unwrap_err();
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Invalid, Some("InvokeModel"))
    );
}

#[tokio::test(start_paused = true)]
async fn one_value_serves_every_operation() {
    let mut bedrock = bedrock(&simulator());
    let input = prompt("hello");
    let counted = ConverseTokensRequest::builder()
        .set_messages(input.messages.clone())
        .build();
    let count = CountTokensInput::builder()
        .model_id(BASE_MODEL)
        .input(Count::Converse(counted))
        .build()
        .unwrap();
    let text = GuardrailTextBlock::builder().text("hello").build().unwrap();
    let guardrail = ApplyGuardrailInput::builder()
        .guardrail_identifier("gr-1")
        .guardrail_version("1")
        .source(GuardrailContentSource::Input)
        .content(GuardrailContentBlock::Text(text))
        .build()
        .unwrap();
    let counted = bedrock.call(Request::new(count)).await.unwrap();
    let answered = bedrock.call(Request::new(input)).await.unwrap();
    assert_eq!(
        counted.input_tokens as u64,
        answered.meta().usage().unwrap().input_tokens
    );
    assert_eq!(counted.meta().usage(), None);
    bedrock.call(Request::new(invoke(ANTHROPIC))).await.unwrap();
    bedrock.call(Request::new(guardrail)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn retries_of_a_client_that_is_handed_in_are_switched_off() {
    for retry in [
        RetryConfig::standard(),
        RetryConfig::adaptive(),
        RetryConfig::adaptive().with_max_attempts(1),
    ] {
        let sim = simulator();
        sim.script([Fault::internal_server().times(2)]);
        let client = Client::from_conf(sim.sdk_config().retry_config(retry).build());
        let bedrock = Bedrock::from(client);
        let setting = bedrock.client().config().retry_config().unwrap();
        assert_eq!(setting, &RetryConfig::disabled());
        let error = bedrock
            .clone()
            .oneshot(Request::new(prompt("a")))
            .await
            .unwrap_err();
        assert_eq!(error.status(), Some(500));
        assert!(
            bedrock
                .clone()
                .oneshot(Request::new(prompt("b")))
                .await
                .is_err()
        );
        assert!(bedrock.oneshot(Request::new(prompt("c"))).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn the_region_is_the_clients() {
    let sim = Simulator::new();
    assert_eq!(bedrock(&sim).region(), Some("us-east-1"));
    assert_eq!(Bedrock::from(sim.sdk_client()).region(), Some("us-east-1"));
}

#[test]
fn prompts_and_answers_stay_out_of_debug() {
    let request = Request::new(prompt("the secret")).tenant("acme");
    let text = format!(
        "{request:?} {:?}",
        tower_bedrock::Response::new("the secret")
    );
    assert!(text.contains("acme") && !text.contains("secret"), "{text}");
}

#[test]
fn a_clone_of_a_request_shares_its_input() {
    let request = Request::new(prompt("hello"));
    assert!(std::ptr::eq(&*request, &*request.clone()));
}

#[test]
fn everything_can_be_sent_between_threads() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<Bedrock>();
    check::<Request<InvokeModelInput>>();
    check::<tower_bedrock::Response<InvokeModelInput>>();
    check::<tower_bedrock::Error>();
    check::<tower_bedrock::Stack>();
    fn send<T: Send>() {}
    send::<<Bedrock as Service<Request<InvokeModelInput>>>::Future>();
    send::<<tower_bedrock::Stack as Service<Request<InvokeModelInput>>>::Future>();
}
