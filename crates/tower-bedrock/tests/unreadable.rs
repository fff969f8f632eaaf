//! A success that is no answer is a fault of the moment: told as such, and asked again.

mod common;
#[path = "common/steps.rs"]
mod steps;

use aws_sdk_bedrockruntime::{
    operation::{
        apply_guardrail::ApplyGuardrailInput, count_tokens::CountTokensInput,
        get_async_invoke::GetAsyncInvokeInput, invoke_guardrail_checks::InvokeGuardrailChecksInput,
        invoke_model::InvokeModelInput,
        invoke_model_with_response_stream::InvokeModelWithResponseStreamInput,
        list_async_invokes::ListAsyncInvokesInput, start_async_invoke::StartAsyncInvokeInput,
    },
    types::GuardrailChecksConfig,
};
use common::{MODEL, prompt, stream_prompt};
use steps::{Step, Wire, answer};
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, Error, ErrorKind, Operation, Request, StackLayer};

const JSON: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("x-amzn-requestid", "r-1"),
];
const HTML: &[(&str, &str)] = &[("content-type", "text/html")];
const LONGER: &[(&str, &str)] = &[
    ("content-type", "application/json"),
    ("content-length", "9999"),
    ("x-amzn-requestid", "r-1"),
];

const PAGE: &str = "<html><body>Sign in to the network</body></html>";
const CUT: &str = r#"{"output": {"message": {"role": "assistant", "content": [{"te"#;
const WHOLE: &str = r#"{"output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
    "stopReason": "end_turn", "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5},
    "metrics": {"latencyMs": 200}}"#;

/// What no operation takes for an answer.
fn no_answers() -> Vec<(&'static str, Step)> {
    vec![
        ("a page", answer(200, HTML, PAGE)),
        ("a page that calls itself JSON", answer(200, JSON, PAGE)),
        ("cut JSON", answer(200, JSON, CUT)),
        ("nothing", answer(200, JSON, "")),
        ("nothing, and nobody says what of", answer(200, &[], "")),
        ("half a body", answer(200, LONGER, CUT)),
        ("a body that breaks off", Step::Break(CUT)),
        ("gzip", answer(200, JSON, &b"\x1f\x8b\x08\0\0\0\0\0"[..])),
    ]
}

fn bedrock(wire: &Wire) -> Bedrock {
    Bedrock::new(
        bedrock_sim::Simulator::new()
            .sdk_config()
            .http_client(wire.client()),
    )
}

async fn leaf<I: Operation>(step: Step, input: I) -> Result<(), Error> {
    let call = bedrock(&Wire::new([step])).oneshot(Request::new(input));
    call.await.map(drop)
}

#[track_caller]
fn is_told(what: &str, result: Result<(), Error>) {
    let error = result.expect_err(what);
    assert_eq!(error.kind(), ErrorKind::Transient, "{what}: {error}");
    assert_eq!(
        error.message(),
        Some("the answer could not be read"),
        "{what}"
    );
    assert_eq!(error.status(), Some(200), "{what}");
}

fn invoke() -> InvokeModelInput {
    let input = InvokeModelInput::builder().model_id(MODEL);
    input.build().expect("nothing is required")
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_is_no_answer_is_told_as_such_of_every_operation() {
    let guardrail = || {
        ApplyGuardrailInput::builder()
            .guardrail_identifier("g")
            .guardrail_version("1")
    };
    let count = || CountTokensInput::builder().model_id(MODEL);
    let checks = || InvokeGuardrailChecksInput::builder().set_messages(Some(vec![]));
    let checks = || checks().checks(GuardrailChecksConfig::builder().build());
    let start = || StartAsyncInvokeInput::builder().model_id(MODEL);
    let get = || GetAsyncInvokeInput::builder().invocation_arn("arn");
    let list = ListAsyncInvokesInput::builder;
    for (what, step) in no_answers() {
        is_told(what, leaf(step.clone(), prompt("hello")).await);
        is_told(what, leaf(step.clone(), invoke()).await);
        is_told(what, leaf(step.clone(), guardrail().build().unwrap()).await);
        is_told(what, leaf(step.clone(), count().build().unwrap()).await);
        is_told(what, leaf(step.clone(), checks().build().unwrap()).await);
        is_told(what, leaf(step.clone(), start().build().unwrap()).await);
        is_told(what, leaf(step.clone(), get().build().unwrap()).await);
        is_told(what, leaf(step, list().build().unwrap()).await);
    }
    for shape in ["{}", r#"{"message": "hello"}"#] {
        let step = answer(200, JSON, shape);
        is_told(shape, leaf(step.clone(), prompt("hello")).await);
        is_told(
            shape,
            leaf(step.clone(), guardrail().build().unwrap()).await,
        );
        is_told(shape, leaf(step.clone(), count().build().unwrap()).await);
        is_told(shape, leaf(step.clone(), checks().build().unwrap()).await);
        is_told(shape, leaf(step.clone(), start().build().unwrap()).await);
        is_told(shape, leaf(step.clone(), get().build().unwrap()).await);
        // A model's own format may be any JSON.
        leaf(step, invoke()).await.unwrap();
    }
    is_told(
        "a list",
        leaf(answer(200, JSON, "[1]"), prompt("hello")).await,
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_is_not_text_is_as_it_was_asked_for() {
    let png: &[(&str, &str)] = &[("content-type", "image/png")];
    leaf(answer(200, png, "\u{89}PNG"), invoke()).await.unwrap();
    is_told("no image", leaf(answer(200, png, ""), invoke()).await);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_stack_asks_once_more_and_counts_both_as_charged() {
    for (what, step) in no_answers() {
        let wire = Wire::new([step, answer(200, JSON, WHOLE)]);
        let layer = StackLayer::new("us-east-1");
        let stack = layer.layer(bedrock(&wire));
        let response = stack
            .oneshot(Request::new(prompt("hello")))
            .await
            .expect(what);
        assert_eq!((response.meta().attempts(), wire.calls()), (2, 2), "{what}");
        let used = layer
            .handle()
            .monitor()
            .snapshot(&format!("us-east-1/{MODEL}"))
            .unwrap();
        // As reserved for the one, as told for the other: Claude's output counts fivefold.
        let reserved = used.reserved_tokens / 2;
        assert_eq!(used.charged_tokens, reserved + 3 + 5 * 2, "{what}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_answer_that_never_makes_sense_is_given_up_after_two_attempts() {
    for (what, step) in no_answers() {
        let wire = Wire::new([step]);
        let stack = StackLayer::new("us-east-1").layer(bedrock(&wire));
        let result = stack.oneshot(Request::new(prompt("hello"))).await;
        assert_eq!(result.as_ref().unwrap_err().attempts(), Some(2), "{what}");
        is_told(what, result.map(drop));
        assert_eq!(wire.calls(), 2, "{what}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stream_that_is_none_is_asked_for_once_more_and_given_up_then() {
    async fn fails<I: Operation>(what: &str, step: Step, input: I) {
        let wire = Wire::new([step]);
        let stack = StackLayer::new("us-east-1").layer(bedrock(&wire));
        let result = stack.oneshot(Request::new(input)).await;
        let error = result.map(drop).expect_err(what);
        assert_eq!(error.kind(), ErrorKind::Transient, "{what}: {error}");
        assert_eq!((error.status(), error.attempts()), (Some(200), Some(2)));
        assert_eq!(error.events_delivered(), None);
        assert_eq!(wire.calls(), 2, "{what}");
        assert!(!error.to_string().contains("Sign in"), "{error}");
    }
    for (what, step) in no_answers() {
        let chunks = InvokeModelWithResponseStreamInput::builder().model_id(MODEL);
        fails(what, step.clone(), chunks.build().unwrap()).await;
        fails(what, step, stream_prompt("hello")).await;
    }
}
