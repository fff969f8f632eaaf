//! Every row of Bedrock's error table, through the real SDK client against the simulator.

mod common;

use aws_sdk_bedrockruntime::{error::SdkError, operation::converse::ConverseError};
use bedrock_sim::{Fault, Simulator};
use common::{MODEL, bedrock, prompt};
use std::time::Duration;
use tower::ServiceExt;
use tower_bedrock::{Error, ErrorKind, Request};

async fn fails_with(fault: Fault) -> Error {
    let sim = Simulator::new();
    sim.script([fault]);
    let call = bedrock(&sim).oneshot(Request::new(prompt("hello")));
    call.await.expect_err("the fault was scripted")
}

macro_rules! rows {
    ($($row:ident: $fault:expr => $kind:ident, $status:literal, $code:expr;)*) => {$(
        #[tokio::test(start_paused = true)]
        async fn $row() {
            let error = fails_with($fault).await;
            assert_eq!(error.kind(), ErrorKind::$kind, "{error}");
            assert_eq!(error.status(), Some($status));
            let code: Option<&str> = $code;
            assert_eq!(error.code(), code);
            assert_eq!(error.operation(), Some("Converse"));
            assert!(error.request_id().is_some_and(|id| !id.is_empty()));
            assert_eq!(error.retry_after(), None);
            let hinted = fails_with($fault.retry_after(Duration::from_millis(1500))).await;
            assert_eq!(hinted.retry_after(), Some(Duration::from_millis(1500)));
            let hinted = fails_with($fault.http_retry_after(Duration::from_secs(7))).await;
            assert_eq!(hinted.retry_after(), Some(Duration::from_secs(7)));
        }
    )*};
}

rows! {
    throttling: Fault::throttling() => Throttled, 429, Some("ThrottlingException");
    throttling_with_status_400: Fault::throttling_400() => Throttled, 400, Some("ThrottlingException");
    a_limit_per_day: Fault::throttling_daily() => Exhausted, 429, Some("ThrottlingException");
    model_not_ready: Fault::model_not_ready() => Transient, 429, Some("ModelNotReadyException");
    bare_429: Fault::bare_429() => Throttled, 429, None;
    too_many_requests: Fault::too_many_requests() => Throttled, 429, Some("TooManyRequestsException");
    overloaded: Fault::overloaded() => Capacity, 529, Some("overloaded_error");
    service_unavailable: Fault::service_unavailable() => Capacity, 503, Some("ServiceUnavailableException");
    internal_server: Fault::internal_server() => Transient, 500, Some("InternalServerException");
    model_timeout: Fault::model_timeout() => Timeout, 408, Some("ModelTimeoutException");
    model_error: Fault::model_error() => Transient, 424, Some("ModelErrorException");
    model_stream_error: Fault::model_stream_error() => Transient, 424, Some("ModelStreamErrorException");
    service_quota_exceeded: Fault::service_quota_exceeded() => Exhausted, 400, Some("ServiceQuotaExceededException");
    validation: Fault::validation() => Invalid, 400, Some("ValidationException");
    access_denied: Fault::access_denied() => AccessDenied, 403, Some("AccessDeniedException");
    resource_not_found: Fault::resource_not_found() => Invalid, 404, Some("ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn text_about_tokens_is_no_throttle() {
    let message = "Input is too long: 300000 tokens per day exceed the context of 200000 tokens";
    let error = fails_with(Fault::validation().message(message)).await;
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.message(), Some(message));
}

#[tokio::test(start_paused = true)]
async fn a_bare_429_that_names_the_day_is_the_day() {
    let message = "Too many tokens per day, please wait before trying again.";
    let error = fails_with(Fault::bare_429().message(message)).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Exhausted, None));
    assert_eq!(error.message(), Some(message));
}

#[tokio::test(start_paused = true)]
async fn a_busy_model_that_throttles_is_not_the_day() {
    for message in [
        "Too many requests, please wait before trying again.",
        "Too many tokens, please wait before trying again.",
        "Your request rate is too high. Reduce the frequency of requests.",
    ] {
        let error = fails_with(Fault::throttling().message(message)).await;
        assert_eq!(error.kind(), ErrorKind::Throttled, "{message}");
    }
    let message = "Model is currently overloaded. Please try again later.";
    let error = fails_with(Fault::throttling().message(message)).await;
    assert_eq!(error.kind(), ErrorKind::Capacity);
}

#[tokio::test(start_paused = true)]
async fn a_reset_connection_is_transient_and_has_no_status() {
    let error = fails_with(Fault::connection_reset()).await;
    assert_eq!(error.kind(), ErrorKind::Transient, "{error}");
    assert_eq!((error.status(), error.code()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_hanging_call_ends_at_the_deadline() {
    let sim = Simulator::new();
    sim.script([Fault::hang()]);
    let request = Request::new(prompt("hello")).timeout(Duration::from_secs(3));
    let start = tokio::time::Instant::now();
    let error = bedrock(&sim).oneshot(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(error.operation(), Some("Converse"));
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_in_the_past_sends_nothing() {
    let sim = common::simulator();
    let request = Request::new(prompt("hello")).timeout(Duration::ZERO);
    let error = bedrock(&sim).oneshot(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(
        sim.usage().model(MODEL).map_or(0, |model| model.admitted),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn an_input_without_a_model_is_invalid() {
    let sim = Simulator::new();
    let mut input = prompt("hello");
    input.model_id = None;
    let error = bedrock(&sim)
        .oneshot(Request::new(input))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.message().unwrap().contains("model_id"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_sdks_own_error_is_kept() {
    let error = fails_with(Fault::throttling()).await;
    let kept = error.sdk_error::<SdkError<ConverseError>>().unwrap();
    let service_error = kept.as_service_error().unwrap();
    assert!(service_error.is_throttling_exception());
}

#[tokio::test(start_paused = true)]
async fn an_error_says_what_happened_in_one_line_and_shows_no_body() {
    let error = fails_with(Fault::throttling().message("Slow down, please.")).await;
    let id = error.request_id().unwrap();
    let line = format!(
        "Converse of {MODEL} in us-east-1: 429 ThrottlingException: Slow down, please (request id {id})"
    );
    assert_eq!(error.to_string(), line);
    assert!(!format!("{error:?}").contains("SdkBody"));
}
