//! What several of the test files need: a classifier, and a year-long limit on the paused clock.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{future::Future, time::Duration};

use tower::BoxError;
use tower_backoff::{Backoff, BackoffLayer, Jitter, Verdict};
use tower_test::mock;

pub(crate) type Req = &'static str;
pub(crate) type Res = &'static str;
pub(crate) type Mock = mock::Mock<Req, Res>;
pub(crate) type Handle = mock::Handle<Req, Res>;
pub(crate) type Judge = fn(&Result<Res, BoxError>) -> Verdict;

/// Reads the verdict off the message: "throttled", "throttled 500ms" (with a hint), "transient",
/// "costly", "rejected"; anything else is done.
pub(crate) fn by_message(result: &Result<Res, BoxError>) -> Verdict {
    let text = match result {
        Ok(text) => (*text).to_owned(),
        Err(error) => error.to_string(),
    };
    let (word, hint) = text.split_once(' ').unwrap_or((&text, ""));
    let verdict = match word {
        "throttled" => Verdict::throttled(),
        "transient" => Verdict::transient(),
        "costly" => Verdict::costly(),
        "rejected" => Verdict::rejected(),
        _ => Verdict::Done,
    };
    match hint.strip_suffix("ms").map(str::parse) {
        Some(Ok(ms)) => verdict.retry_after(Duration::from_millis(ms)),
        _ => verdict,
    }
}

/// Plain steps: throttles wait 1, 2, 4 … 60 s, transient errors 100, 200, 400 … ms.
pub(crate) fn plain_layer() -> BackoffLayer<Judge> {
    let plain = |base, cap| {
        Backoff::new(Duration::from_millis(base), Duration::from_millis(cap)).jitter(Jitter::None)
    };
    BackoffLayer::new(by_message as Judge)
        .throttled(plain(1_000, 60_000))
        .transient(plain(100, 20_000))
}

/// Fails in no time, on the paused clock, if the future hangs.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    let year = Duration::from_secs(365 * 24 * 3600);
    tokio::time::timeout(year, future)
        .await
        .expect("the future hangs")
}

/// The next request that reaches the mock, which is to be `expected`; answer it with what it gives.
pub(crate) async fn next(handle: &mut Handle, expected: Req) -> mock::SendResponse<Res> {
    let (request, reply) = soon(handle.next_request())
        .await
        .expect("the service is gone");
    assert_eq!(request, expected);
    reply
}
