//! The tree of spans of a call, as OpenTelemetry gets it.

use crate::traced::{Span, Traced};
use aws_sdk_bedrockruntime::operation::{
    converse_stream::ConverseStreamInput, invoke_model::InvokeModelInput,
};
use aws_sdk_bedrockruntime::primitives::Blob;
use bedrock_sim::{Fault, Model, Simulator};
use end_to_end::{MODEL, prompt, stack};
use futures_util::future::join;
use opentelemetry::trace::Status;
use std::time::Duration;
use tokio::time::timeout;
use tower::{Layer, Service, ServiceExt};
use tower_bedrock::{Bedrock, ErrorKind, Request, StackLayer, telemetry::semconv};

const SECOND: Duration = Duration::from_secs(1);

fn sim() -> Simulator {
    Simulator::new().model(Model::new(MODEL))
}

fn stream_of(text: &str) -> ConverseStreamInput {
    let plain = prompt(text);
    ConverseStreamInput::builder()
        .set_model_id(plain.model_id)
        .set_messages(plain.messages)
        .set_inference_config(plain.inference_config)
        .build()
        .expect("nothing is required")
}

/// What each attempt was: its number, what the one before failed with, and what it failed with itself.
fn told(attempts: &[Span]) -> Vec<String> {
    let of = |span: &Span| {
        let names = [
            semconv::ATTEMPT_NUMBER,
            semconv::RETRY_CAUSE,
            semconv::ERROR,
            semconv::ERROR_KIND,
        ];
        span.all(names).join(" ")
    };
    attempts.iter().map(of).collect()
}

#[tokio::test(start_paused = true)]
async fn a_call_is_one_span_and_each_of_its_attempts_is_a_child() {
    let traced = Traced::new();
    let sim = sim();
    sim.script([Fault::throttling(), Fault::internal_server()]);
    let answer = stack(&sim).oneshot(prompt("a secret").into()).await;
    let usage = answer.unwrap().meta().usage().unwrap();
    let (call, attempts) = traced.call();
    assert_eq!(call.name(), format!("chat {MODEL}"));
    assert_eq!(
        call.all([
            semconv::OPERATION,
            semconv::PROVIDER,
            semconv::MODEL,
            semconv::STREAM,
            semconv::MAX_TOKENS,
            semconv::REGION,
            semconv::SERVER,
            semconv::FINISH_REASONS,
            semconv::ATTEMPTS,
            semconv::CACHE,
            semconv::ERROR,
        ]),
        [
            "chat",
            "aws.bedrock",
            MODEL,
            "false",
            "400",
            "us-east-1",
            "bedrock-runtime.us-east-1.amazonaws.com",
            "stop",
            "3",
            "miss",
            "-",
        ]
    );
    assert_eq!(
        call.all([semconv::INPUT_TOKENS, semconv::OUTPUT_TOKENS]),
        [usage.input_tokens, usage.output_tokens].map(|tokens| tokens.to_string())
    );
    assert!(call.get(semconv::RESPONSE_ID).is_some());
    assert_eq!(
        told(&attempts),
        [
            "1 - ThrottlingException throttled",
            "2 ThrottlingException InternalServerException transient",
            "3 InternalServerException - -",
        ]
    );
    assert!(matches!(attempts[0].0.status, Status::Error { .. }));
    assert_eq!(call.0.status, Status::Unset);
    // The waits between them.
    let retries = call
        .events()
        .iter()
        .filter(|event| **event == "retrying")
        .count();
    assert_eq!(retries, 2, "{:?}", call.events());
    assert!(!format!("{:?}", traced.spans()).contains("secret"));
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_quota_is_told_in_the_call_and_is_no_part_of_the_attempt() {
    let traced = Traced::new();
    let sim = sim();
    let limit = tower_quota::Limit::calls_per_minute(1).window();
    let stack = StackLayer::new("us-east-1")
        .quotas(limit)
        .layer(Bedrock::new(sim.sdk_config()));
    for text in ["a", "b"] {
        stack.clone().oneshot(prompt(text).into()).await.unwrap();
    }
    let (calls, attempts) = traced.split();
    assert_eq!((calls.len(), attempts.len()), (2, 2));
    let waited = |span: &Span| span.events().contains(&"call admitted");
    assert_eq!(calls.iter().map(waited).collect::<Vec<_>>(), [false, true]);
    assert!(attempts.iter().all(|attempt| !waited(attempt)));
}

#[tokio::test(start_paused = true)]
async fn a_cached_answer_and_a_shared_flight_are_calls_without_attempts() {
    let traced = Traced::new();
    let sim = sim();
    sim.script([Fault::slow_body(SECOND)]);
    let stack = stack(&sim);
    let ask = || stack.clone().oneshot(prompt("a").into());
    let (first, joined) = join(ask(), ask()).await;
    first.unwrap();
    joined.unwrap();
    ask().await.unwrap();
    let (calls, attempts) = traced.split();
    let mut cache: Vec<_> = calls
        .iter()
        .map(|call| call.all([semconv::CACHE, semconv::OUTPUT_TOKENS]))
        .collect();
    cache.sort();
    let paid = attempts[0].get(semconv::OUTPUT_TOKENS).unwrap();
    let own = |what: &str, tokens: &str| [what.to_owned(), tokens.to_owned()];
    assert_eq!(
        cache,
        [own("hit", "0"), own("joined", "0"), own("miss", &paid)]
    );
    assert_eq!(attempts.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_is_cancelled_and_so_is_its_attempt() {
    let traced = Traced::new();
    let sim = sim();
    sim.script([Fault::hang()]);
    let call = stack(&sim).oneshot(Request::new(prompt("a")));
    assert!(timeout(SECOND, call).await.is_err());
    let (call, attempts) = traced.call();
    assert_eq!(call.get(semconv::ERROR).as_deref(), Some("cancelled"));
    assert_eq!(told(&attempts), ["1 - cancelled -"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_never_polled_is_a_span_too() {
    let traced = Traced::new();
    let mut stack = stack(&sim());
    drop(stack.call(Request::new(prompt("a"))));
    let (call, attempts) = traced.call();
    assert_eq!(call.get(semconv::ERROR).as_deref(), Some("cancelled"));
    assert!(attempts.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_timed_out() {
    let traced = Traced::new();
    let sim = sim();
    sim.script([Fault::hang()]);
    let stack = StackLayer::new("us-east-1")
        .attempt_timeout(SECOND)
        .layer(Bedrock::new(sim.sdk_config()));
    stack.oneshot(prompt("a").into()).await.unwrap();
    assert_eq!(
        told(&traced.call().1),
        ["1 - timeout timeout", "2 timeout - -"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_is_told_by_its_code_or_else_by_its_kind() {
    let sim = sim();
    for (fault, kind, code) in [
        (
            Fault::validation(),
            ErrorKind::Invalid,
            "ValidationException invalid",
        ),
        (
            Fault::access_denied(),
            ErrorKind::AccessDenied,
            "AccessDeniedException access_denied",
        ),
    ] {
        let traced = Traced::new();
        sim.script([fault]);
        let error = stack(&sim).oneshot(prompt("a").into()).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        let (call, attempts) = traced.call();
        let names = [semconv::ERROR, semconv::ERROR_KIND];
        assert_eq!(call.all(names).join(" "), code);
        assert!(matches!(call.0.status, Status::Error { .. }));
        assert_eq!(attempts.len(), 1);
    }
    let traced = Traced::new();
    let layer = StackLayer::new("us-east-1");
    let key = format!("us-east-1/{MODEL}").into();
    layer.handle().circuits().handle(&key).force_open();
    let stack = layer.layer(Bedrock::new(sim.sdk_config()));
    let error = stack.oneshot(prompt("a").into()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen);
    let (call, attempts) = traced.call();
    let names = [semconv::ERROR, semconv::ERROR_KIND, semconv::ATTEMPTS];
    assert_eq!(call.all(names), ["circuit_open", "circuit_open", "0"]);
    assert!(attempts.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_spans_of_a_stream_last_until_its_end_and_know_its_tokens() {
    let traced = Traced::new();
    let sim = sim();
    sim.script([Fault::slow_body(2 * SECOND)]);
    let stack = stack(&sim);
    let mut stream = stack.clone().oneshot(stream_of("a").into()).await.unwrap();
    assert!(traced.spans().is_empty());
    while stream.recv().await.unwrap().is_some() {}
    let usage = stream.meta().usage().unwrap();
    let (call, attempts) = traced.call();
    for span in [&call, &attempts[0]] {
        assert_eq!(
            span.all([
                semconv::FIRST_CHUNK,
                semconv::OUTPUT_TOKENS,
                semconv::FINISH_REASONS,
                semconv::ERROR,
            ]),
            ["2", &usage.output_tokens.to_string(), "stop", "-"]
        );
    }
    drop(stream);
    // Again, out of the cache.
    let mut stream = stack.oneshot(stream_of("a").into()).await.unwrap();
    while stream.recv().await.unwrap().is_some() {}
    let (calls, attempts) = traced.split();
    assert_eq!(attempts.len(), 1);
    assert_eq!(calls[1].get(semconv::CACHE).as_deref(), Some("hit"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_its_reader_leaves_is_cancelled() {
    let traced = Traced::new();
    let mut stream = stack(&sim()).oneshot(stream_of("a").into()).await.unwrap();
    stream.recv().await.unwrap();
    drop(stream);
    let (call, attempts) = traced.call();
    for span in [&call, &attempts[0]] {
        let names = [semconv::ERROR, semconv::FINISH_REASONS];
        assert_eq!(span.get(names[0]).as_deref(), Some("cancelled"));
    }
    assert_eq!(call.get(semconv::FINISH_REASONS).as_deref(), Some("error"));
}

#[tokio::test(start_paused = true)]
async fn the_attempt_of_a_stream_that_is_read_on_ends_later_than_its_call_and_knows_its_tokens() {
    let traced = Traced::new();
    let sim = sim();
    let bedrock = Bedrock::new(sim.sdk_config()).with_dropped_streams_read(60 * SECOND);
    let stack = StackLayer::new("us-east-1").layer(bedrock);
    let mut stream = stack.oneshot(stream_of("a").into()).await.unwrap();
    stream.recv().await.unwrap();
    drop(stream);
    let (calls, attempts) = traced.split();
    assert_eq!(attempts.len(), 0);
    // An open child keeps its parent from being exported.
    assert_eq!(calls.len(), 0);
    tokio::time::sleep(60 * SECOND).await;
    let (call, attempts) = traced.call();
    assert_eq!(call.get(semconv::ERROR).as_deref(), Some("cancelled"));
    assert_eq!(attempts[0].get(semconv::ERROR), None);
    assert!(attempts[0].get(semconv::OUTPUT_TOKENS).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_off_failed() {
    let traced = Traced::new();
    let sim = sim();
    sim.script([Fault::stream_cut().at(3)]);
    let mut stream = stack(&sim).oneshot(stream_of("a").into()).await.unwrap();
    while stream.recv().await.is_ok_and(|event| event.is_some()) {}
    let (call, attempts) = traced.call();
    for span in [&call, &attempts[0]] {
        let names = [semconv::ERROR, semconv::FINISH_REASONS];
        assert_eq!(span.all(names), ["truncated", "error"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_tells_how_its_answer_is_drawn() {
    let traced = Traced::new();
    let body = r#"{"anthropic_version": "bedrock-2023-05-31", "max_tokens": 90, "temperature": 0.7,
        "top_p": 0.9, "messages": [{"role": "user", "content": "hello"}]}"#;
    let input = InvokeModelInput::builder()
        .model_id(MODEL)
        .body(Blob::new(body))
        .build()
        .unwrap();
    stack(&sim()).oneshot(input.into()).await.unwrap();
    let (call, _) = traced.call();
    assert_eq!(
        call.all([
            semconv::OPERATION,
            semconv::MAX_TOKENS,
            semconv::TEMPERATURE,
            semconv::TOP_P,
        ]),
        ["text_completion", "90", "0.7", "0.9"]
    );
}
