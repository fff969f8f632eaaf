//! A machine whose clock is off loses no call: the SDK learns the time, and the leaf sends once more.

mod common;
#[path = "common/scripted.rs"]
mod scripted;
mod sdk_source;

use aws_smithy_types::{DateTime, date_time::Format};
use bedrock_sim::Simulator;
use common::prompt;
use futures_util::future::join_all;
use scripted::{Arrived, Wire, answer, json};
use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, SystemTime},
};
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, ErrorKind, StackLayer};

const CODES: [&str; 5] = [
    "AccessDeniedException",
    "AuthFailure",
    "InvalidSignatureException",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// What the server's clock says, which is off by so many seconds.
fn server_time(off: i64) -> DateTime {
    let now = DateTime::from(SystemTime::now());
    DateTime::from_secs(now.secs() + off)
}

/// Whether a request was signed within five minutes of the time.
fn is_signed_at(request: &Arrived, time: DateTime) -> bool {
    let signed = request.headers()["x-amz-date"]
        .to_str()
        .expect("it is text");
    let text = format!(
        "{}-{}-{}T{}:{}:{}",
        &signed[0..4],
        &signed[4..6],
        &signed[6..8],
        &signed[9..11],
        &signed[11..13],
        &signed[13..16]
    );
    let signed = DateTime::from_str(&text, Format::DateTime).expect("it is a date");
    signed.secs().abs_diff(time.secs()) < 300
}

/// A server whose clock is off, and that refuses what is signed at another time.
fn server(off: i64, code: &'static str) -> Wire {
    Wire::new(move |request, _| {
        let time = server_time(off);
        let mut response = if is_signed_at(request, time) {
            answer()
        } else {
            refusal(code)
        };
        date(&mut response, time);
        response
    })
}

fn refusal(code: &'static str) -> http::Response<String> {
    let mut response = json(403, r#"{"message": "The signature is not of this time."}"#);
    let code = http::HeaderValue::from_static(code);
    response.headers_mut().insert("x-amzn-errortype", code);
    response
}

fn date(response: &mut http::Response<String>, time: DateTime) {
    let date = time.fmt(Format::HttpDate).expect("it is a date");
    let date = date.try_into().expect("it is text");
    response.headers_mut().insert("date", date);
}

fn bedrock(wire: &Wire) -> Bedrock {
    Bedrock::new(Simulator::new().sdk_config().http_client(wire.client()))
}

#[tokio::test(start_paused = true)]
async fn a_call_is_signed_anew_where_the_clock_is_off() {
    for code in CODES {
        for off in [-600, 600] {
            let wire = server(off, code);
            let bedrock = bedrock(&wire);
            let answer = bedrock.clone().oneshot(prompt("hello").into()).await;
            assert_eq!(answer.expect(code).meta().attempts(), 1);
            assert_eq!(wire.arrived().len(), 2, "{code}");
            // The client has learned the time by now.
            bedrock.oneshot(prompt("hello").into()).await.expect(code);
            assert_eq!(wire.arrived().len(), 3, "{code}");
            let bodies: BTreeSet<_> = wire
                .arrived()
                .into_iter()
                .map(http::Request::into_body)
                .collect();
            assert_eq!(bodies.len(), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_calls_loses_none() {
    let wire = server(600, "InvalidSignatureException");
    let stack = StackLayer::new("us-east-1");
    let service = stack.layer(bedrock(&wire));
    let calls = (0..20).map(|n| service.clone().oneshot(prompt(&n.to_string()).into()));
    for answer in join_all(calls).await {
        assert_eq!(answer.expect("no call is lost").meta().attempts(), 1);
    }
    assert!(wire.arrived().len() <= 40);
    let key = format!("us-east-1/{}", common::MODEL).into();
    let used = stack
        .handle()
        .quota()
        .snapshot(&key)
        .expect("it was called");
    assert_eq!((used.pending_calls, used.throttled), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final_without_skew() {
    for code in CODES {
        for off in [0, -200, 200] {
            let wire = Wire::new(move |_, _| {
                let mut response = refusal(code);
                date(&mut response, server_time(off));
                response
            });
            let stack = StackLayer::new("us-east-1").layer(bedrock(&wire));
            let error = stack.oneshot(prompt("hello").into()).await;
            let error = error.expect_err("the wire refuses all");
            assert_eq!(error.kind(), ErrorKind::AccessDenied, "{code}");
            assert_eq!(wire.arrived().len(), 1, "{code} {off}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_exactly_one_more_attempt() {
    let wire = Wire::new(|_, _| {
        let mut response = refusal("InvalidSignatureException");
        date(&mut response, server_time(600));
        response
    });
    let stack = StackLayer::new("us-east-1").layer(bedrock(&wire));
    for (calls, arrived) in [(1, 2), (2, 3)] {
        let error = stack.clone().oneshot(prompt("hello").into()).await;
        assert!(error.is_err());
        // The second call was signed at the server's time: its clock is not why it is refused.
        assert_eq!(wire.arrived().len(), arrived, "{calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn other_errors_are_not_sent_again_however_far_off_the_clock_is() {
    let wire = Wire::new(|_, _| {
        let mut response = json(400, r#"{"message": "malformed"}"#);
        let code = http::HeaderValue::from_static("ValidationException");
        response.headers_mut().insert("x-amzn-errortype", code);
        date(&mut response, server_time(600));
        response
    });
    let call = bedrock(&wire).oneshot(prompt("hello").into());
    assert_eq!(
        call.await.expect_err("it is refused").kind(),
        ErrorKind::Invalid
    );
    assert_eq!(wire.arrived().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_may_not_correct_its_clock_sends_once() {
    let wire = server(600, "InvalidSignatureException");
    let config = Simulator::new().sdk_config().http_client(wire.client());
    let bedrock = Bedrock::new(config.disable_clock_skew_correction(true));
    assert!(bedrock.oneshot(prompt("hello").into()).await.is_err());
    assert_eq!(wire.arrived().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_second_attempt_ends_at_the_deadline_too() {
    let wire = server(600, "InvalidSignatureException");
    let request = tower_bedrock::Request::new(prompt("hello")).timeout(Duration::from_secs(1));
    bedrock(&wire)
        .oneshot(request)
        .await
        .expect("no time passes");
}

#[test]
fn the_codes_are_the_sdks() {
    let source = sdk_source::of("aws-runtime").join("service_clock_skew.rs");
    let source = fs::read_to_string(source).expect("the SDK keeps them there");
    let list = source.split_once("CLOCK_SKEW_ERROR_CODES: &[&str] = &[");
    let (list, _) = list
        .and_then(|(_, rest)| rest.split_once("];"))
        .expect("a list");
    let theirs: BTreeSet<_> = list.split('"').skip(1).step_by(2).collect();
    assert_eq!(theirs, BTreeSet::from(CODES));
}

#[tokio::test(start_paused = true)]
async fn a_stale_date_or_none_is_no_skew() {
    for (name, value) in [("age", "600"), ("date", "")] {
        let wire = Wire::new(move |_, _| {
            let mut response = refusal("InvalidSignatureException");
            date(&mut response, server_time(600));
            let value = http::HeaderValue::from_static(value);
            response.headers_mut().insert(name, value);
            response
        });
        let call = bedrock(&wire).oneshot(prompt("hello").into());
        assert_eq!(call.await.unwrap_err().kind(), ErrorKind::AccessDenied);
        assert_eq!(wire.arrived().len(), 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttle_of_the_second_sending_is_retried_as_any_other() {
    let wire = Wire::new(|_, before| {
        let mut response = match before {
            0 => refusal("InvalidSignatureException"),
            1 => json(429, r#"{"message": "not so fast"}"#),
            _ => answer(),
        };
        date(&mut response, server_time(600));
        response
    });
    let stack = StackLayer::new("us-east-1").layer(bedrock(&wire));
    let answer = stack.oneshot(prompt("hello").into()).await;
    assert_eq!(answer.expect("it is retried").meta().attempts(), 2);
    assert_eq!(wire.arrived().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_signed_anew_too() {
    let wire = server(600, "InvalidSignatureException");
    let call = bedrock(&wire).oneshot(common::stream_prompt("hello").into());
    // What the wire answers then is no stream.
    assert_eq!(
        call.await.err().map(|error| error.kind()),
        Some(ErrorKind::Transient)
    );
    assert_eq!(wire.arrived().len(), 2);
}
