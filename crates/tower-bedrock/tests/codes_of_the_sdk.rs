//! The codes that the SDK retries, against the kinds that we make of them.

mod common;
#[path = "common/wire.rs"]
mod wire;

use aws_runtime::retries::classifiers::{THROTTLING_ERRORS, TRANSIENT_ERRORS};
use common::prompt;
use std::collections::BTreeMap;
use tower::ServiceExt;
use tower_bedrock::{Error, ErrorKind};
use wire::answering;

/// What each code of the SDK's lists is here. A code that the SDK adds has no row, and a row whose
/// code it drops has no code: the test then wants somebody to say what it means to us.
const KINDS: [(&str, ErrorKind); 16] = [
    ("BandwidthLimitExceeded", ErrorKind::Throttled),
    ("EC2ThrottledException", ErrorKind::Throttled),
    ("LimitExceededException", ErrorKind::Throttled),
    ("PriorRequestNotComplete", ErrorKind::Throttled),
    (
        "ProvisionedThroughputExceededException",
        ErrorKind::Throttled,
    ),
    ("RequestLimitExceeded", ErrorKind::Throttled),
    ("RequestThrottled", ErrorKind::Throttled),
    ("RequestThrottledException", ErrorKind::Throttled),
    ("RequestTimeout", ErrorKind::Timeout),
    ("RequestTimeoutException", ErrorKind::Timeout),
    ("SlowDown", ErrorKind::Throttled),
    ("ThrottledException", ErrorKind::Throttled),
    ("Throttling", ErrorKind::Throttled),
    ("ThrottlingException", ErrorKind::Throttled),
    ("TooManyRequestsException", ErrorKind::Throttled),
    ("TransactionInProgressException", ErrorKind::Throttled),
];

/// The error that a real client's call comes back with.
async fn fails_with(status: u16, code: &'static str) -> Error {
    let body = r#"{"message": "for a test"}"#;
    let bedrock = answering(status, &[("x-amzn-errortype", code)], body);
    let call = bedrock.oneshot(prompt("hello").into());
    call.await.expect_err("the wire fails every call")
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_code_that_the_sdk_retries_has_its_kind_at_every_status() {
    for status in [400, 429, 503] {
        let mut ours = BTreeMap::new();
        for code in THROTTLING_ERRORS.iter().chain(TRANSIENT_ERRORS) {
            let error = fails_with(status, code).await;
            assert_eq!(
                (error.code(), error.status()),
                (Some(*code), Some(status)),
                "{error}"
            );
            ours.insert(*code, error.kind());
        }
        assert_eq!(ours, BTreeMap::from(KINDS), "at {status}");
    }
}
