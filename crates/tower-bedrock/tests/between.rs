//! Something on the way to Bedrock answers: a proxy, a gateway, a load balancer. The error says so.

mod common;
#[path = "common/steps.rs"]
mod steps;

use common::{MODEL, prompt};
use std::num::NonZeroU32;
use steps::{Wire, answer};
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, Error, ErrorKind, Request, StackLayer};

type Headers = &'static [(&'static str, &'static str)];

const SQUID: Headers = &[("content-type", "text/html"), ("server", "squid/6.1")];
const PAGE: &str = "<html><body>Access denied by your administrator</body></html>";

async fn fails(status: u16, headers: Headers, body: &str) -> (Error, usize) {
    let wire = Wire::new([answer(status, headers, body)]);
    let config = bedrock_sim::Simulator::new().sdk_config();
    let leaf = Bedrock::new(config.http_client(wire.client()));
    let stack = StackLayer::new("us-east-1").layer(leaf);
    let two = NonZeroU32::new(2).expect("not 0");
    let call = stack.oneshot(Request::new(prompt("hello")).max_attempts(two));
    let error = call.await.expect_err("it always fails");
    (error, wire.calls())
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_error_that_is_not_bedrocks_says_who_answered() {
    for (status, kind, calls) in [
        (401, ErrorKind::Invalid, 1),
        (403, ErrorKind::Invalid, 1),
        (404, ErrorKind::Invalid, 1),
        (407, ErrorKind::Invalid, 1),
        (413, ErrorKind::Invalid, 1),
        (429, ErrorKind::Throttled, 2),
        (500, ErrorKind::Transient, 2),
        (502, ErrorKind::Transient, 2),
        (503, ErrorKind::Capacity, 2),
        (504, ErrorKind::Timeout, 2),
    ] {
        let head = format!(
            "answered by something in between (a proxy, a gateway), not by Bedrock: status {status}"
        );
        for (headers, body, message) in [
            (SQUID, PAGE, format!("{head}, server squid/6.1")),
            (SQUID, "", format!("{head}, server squid/6.1")),
            (&[], "", head.clone()),
            (&[("content-type", "application/json")], "{}", head.clone()),
        ] {
            let (error, called) = fails(status, headers, body).await;
            assert_eq!((error.kind(), called), (kind, calls), "{error}");
            assert_eq!(error.message(), Some(&*message));
            assert_eq!((error.status(), error.code()), (Some(status), None));
            let line = format!("Converse of {MODEL} in us-east-1: {message}");
            let attempts = if calls > 1 { "; 2 attempts" } else { "" };
            assert_eq!(error.to_string(), line + attempts);
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn bedrocks_own_refusal_is_no_proxys() {
    let ours: Headers = &[("x-amzn-requestid", "r-1"), ("server", "squid/6.1")];
    let (error, _) = fails(403, ours, "").await;
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(error.message(), None);
    let line = format!("Converse of {MODEL} in us-east-1: 403: access_denied (request id r-1)");
    assert_eq!(error.to_string(), line);

    // The SDK gives up at the page and loses the code.
    let typed: Headers = &[("x-amzn-errortype", "aws.x#ThrottlingException:http://a/")];
    let (error, _) = fails(400, typed, PAGE).await;
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Throttled, Some("ThrottlingException"))
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_message_is_kept_whoever_says_it() {
    let overloaded =
        r#"{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}"#;
    let (error, _) = fails(529, &[], overloaded).await;
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Capacity, Some("overloaded_error"))
    );
    assert_eq!(error.message(), Some("Overloaded"));

    let (error, _) = fails(403, &[], r#"{"message": "not from this network"}"#).await;
    assert_eq!(error.message(), Some("not from this network"));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_redirect_says_where_to_and_is_not_followed() {
    let to: Headers = &[("location", "https://login.example/path?token=secret")];
    for status in [301, 302, 303, 307, 308] {
        let (error, calls) = fails(status, to, PAGE).await;
        assert_eq!((error.kind(), calls), (ErrorKind::Invalid, 1));
        let message = error.message().unwrap();
        let head = format!("redirected with status {status} to login.example, and");
        assert!(message.starts_with(&head), "{message}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_error_whose_body_breaks_off_is_what_its_head_says() {
    let longer: Headers = &[("content-length", "9999"), ("server", "nginx")];
    let (error, _) = fails(403, longer, "<html>").await;
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(
        error
            .message()
            .unwrap()
            .ends_with("status 403, server nginx")
    );

    let typed: Headers = &[
        ("content-length", "9999"),
        ("x-amzn-errortype", "ServiceUnavailableException"),
    ];
    let (error, calls) = fails(503, typed, "{").await;
    assert_eq!((error.kind(), calls), (ErrorKind::Capacity, 2));
}
