//! What the caller of a server of ours is told of an error.

mod common;

use axum_core::response::IntoResponse;
use bedrock_sim::Fault;
use common::{bedrock, prompt, simulator};
use http::{Response, header::RETRY_AFTER};
use std::time::Duration;
use tower::ServiceExt;
use tower_bedrock::{
    Bedrock, Error, ErrorKind, Request,
    tower_quota::{Cause, Limit, Rejected},
};

const GUIDE: &str = include_str!("../docs/errors.md");
const SECRET: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";

/// The kind, the status, the end of the type, and whether a known wait is told.
const ROWS: [(ErrorKind, u16, &str, bool); 14] = [
    (ErrorKind::Throttled, 429, "throttled", true),
    (ErrorKind::Exhausted, 429, "exhausted", true),
    (ErrorKind::QuotaRejected, 429, "quota_rejected", true),
    (ErrorKind::Capacity, 503, "capacity", true),
    (ErrorKind::CircuitOpen, 503, "circuit_open", true),
    (ErrorKind::Closed, 503, "closed", true),
    (ErrorKind::Transient, 502, "transient", true),
    (ErrorKind::Truncated, 502, "truncated", true),
    (ErrorKind::Other, 502, "other", true),
    (ErrorKind::Timeout, 504, "timeout", true),
    (ErrorKind::DeadlineExceeded, 504, "deadline_exceeded", true),
    (ErrorKind::NotCached, 504, "not_cached", true),
    (ErrorKind::Invalid, 400, "invalid", false),
    (ErrorKind::AccessDenied, 500, "internal", false),
];

#[test]
fn every_kind_has_its_status_its_type_and_its_place_in_the_guide() {
    for (kind, status, name, waits) in ROWS {
        let error = Error::new(kind, SECRET).with_retry_after(Duration::from_millis(2001));
        let problem = error.problem();
        assert_eq!(problem.status(), status, "{kind}");
        assert!(problem.type_uri().ends_with(&format!("#{name}")), "{kind}");
        assert_eq!(problem.retry_after(), waits.then_some(3), "{kind}");
        let row = GUIDE.lines().find(|line| {
            line.contains(&format!("id=\"{name}\""))
                && (line.contains(&format!("| `{kind:?}`")) || name == "internal")
                && line.contains(&format!("| {status}"))
        });
        assert!(row.is_some(), "{kind} is not in the guide");
    }
}

#[test]
fn the_response_is_a_problem_without_internals() {
    for (kind, status, _, waits) in ROWS {
        let error = Error::new(kind, SECRET)
            .with_code("SomeException")
            .with_request_id("5c8f")
            .with_retry_after(Duration::from_secs(7));
        let response: Response<String> = error.problem().into();
        assert_eq!(response.status(), status, "{kind}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let wait = response.headers().get(RETRY_AFTER);
        assert_eq!(wait.is_some(), waits, "{kind}");
        let body: serde_json::Value = serde_json::from_str(response.body()).unwrap();
        assert_eq!(body["status"], status);
        for member in ["type", "title", "detail"] {
            assert!(
                !body[member].as_str().unwrap().is_empty(),
                "{kind}: {member}"
            );
        }
        for secret in ["arn:", "123456789012", "SomeException", "5c8f"] {
            assert!(!response.body().contains(secret), "{kind} tells {secret}");
        }
    }
}

#[test]
fn a_wait_is_rounded_up_to_what_every_client_can_read() {
    let told = |wait| {
        let error = Error::new(ErrorKind::Throttled, "").with_retry_after(wait);
        error.problem().retry_after()
    };
    assert_eq!(told(Duration::ZERO), Some(1));
    assert_eq!(told(Duration::from_nanos(1)), Some(1));
    assert_eq!(told(Duration::from_secs(60)), Some(60));
    assert_eq!(told(Duration::from_millis(60_001)), Some(61));
    assert_eq!(told(Duration::MAX), Some(2_147_483_647));
    let unknown = Error::new(ErrorKind::Throttled, "").problem();
    assert_eq!(unknown.retry_after(), None);
    assert!(
        !serde_json::to_string(&unknown)
            .unwrap()
            .contains("retry_after")
    );
}

#[test]
fn the_callers_mistake_is_400_and_the_servers_is_500() {
    let status = |status| {
        let error = Error::new(ErrorKind::Invalid, "").with_status(status);
        error.problem().status().as_u16()
    };
    assert_eq!(status(400), 400);
    assert_eq!(status(413), 413);
    for of_the_server in [301, 401, 403, 404, 407] {
        assert_eq!(status(of_the_server), 500, "{of_the_server}");
    }
}

#[tokio::test]
async fn what_bedrock_refuses_is_the_callers_and_what_cannot_be_sent_the_servers() {
    let sim = simulator();
    sim.script([Fault::validation()]);
    let call = bedrock(&sim).oneshot(Request::new(prompt("hello")));
    assert_eq!(call.await.unwrap_err().problem().status(), 400);

    let malformed = sim.sdk_config().endpoint_url("ht!tp://not an endpoint");
    let call = Bedrock::new(malformed).oneshot(Request::new(prompt("hello")));
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.problem().status(), 500);
}

#[test]
fn a_call_that_never_fits_its_quota_is_413_and_has_no_wait() {
    let limit = Box::new(Limit::tokens_per_minute(1000));
    let cause = Cause::TooLarge {
        amount: 2000,
        limit,
    };
    let error = Error::from(Rejected::new(cause, None, SECRET.into()));
    assert_eq!(error.problem().status(), 413);
    let queue = Rejected::new(
        Cause::QueueFull,
        Some(Duration::from_secs(4)),
        SECRET.into(),
    );
    let problem = Error::from(queue).problem();
    assert_eq!(
        (problem.status().as_u16(), problem.retry_after()),
        (429, Some(4))
    );
}

#[test]
fn an_axum_handler_returns_the_error_and_a_middleware_can_log_it() {
    let error = Error::new(ErrorKind::CircuitOpen, SECRET).with_retry_after(Duration::from_secs(9));
    let response = error.into_response();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()[RETRY_AFTER], "9");
    let kept = response.extensions().get::<Error>().unwrap();
    assert_eq!(kept.message(), Some(SECRET));
}
