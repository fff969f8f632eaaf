//! What an answer's headers say of how long to wait, in every form, through the real SDK client and the
//! whole stack.

mod common;
#[path = "common/wire.rs"]
mod wire;

use common::prompt;
use std::{num::NonZeroU32, time::Duration};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{Error, ErrorKind, Request, StackLayer};
use wire::answering;

const SECOND: Duration = Duration::from_secs(1);
const AT: (&str, &str) = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");

/// What two attempts end with, and how long they take, if Bedrock answers so.
async fn two_attempts(status: u16, headers: &[(&'static str, &str)]) -> (Error, Duration) {
    let stack = StackLayer::new("us-east-1").layer(answering(status, headers, "{}"));
    let start = Instant::now();
    let call = Request::new(prompt("hello")).max_attempts(NonZeroU32::new(2).expect("not 0"));
    let error = stack.oneshot(call).await.expect_err("it always fails");
    (error, start.elapsed())
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_date_is_waited_for_as_seconds_are() {
    for status in [503, 529, 500] {
        for headers in [
            [AT, ("retry-after", "Wed, 21 Oct 2026 07:28:40 GMT")],
            [AT, ("retry-after", "40")],
            [AT, ("x-amz-retry-after", "40000")],
        ] {
            let (error, took) = two_attempts(status, &headers).await;
            assert_eq!(error.attempts(), Some(2), "{headers:?}");
            assert_eq!(error.retry_after(), Some(40 * SECOND), "{headers:?}");
            assert!(
                took >= 40 * SECOND && took < 52 * SECOND,
                "{took:?} {headers:?}"
            );
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_date_far_away_ends_the_call_as_a_number_does() {
    for hint in [
        "Thu, 22 Oct 2026 07:28:00 GMT",
        "86400",
        "99999999999999999999999",
    ] {
        for (status, kind) in [(503, ErrorKind::Capacity), (429, ErrorKind::Throttled)] {
            let (error, took) = two_attempts(status, &[AT, ("retry-after", hint)]).await;
            assert_eq!((error.kind(), error.attempts()), (kind, Some(1)), "{hint}");
            assert!(error.retry_after() >= Some(86_400 * SECOND), "{hint}");
            assert_eq!(took, Duration::ZERO, "{hint}");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_makes_no_sense_is_no_hint() {
    for hint in [
        "-5",
        "1.5",
        "soon",
        "",
        "NaN",
        // Gone by, and of no time at all.
        "Wed, 21 Oct 2026 07:27:00 GMT",
        "Wed, 99 Foo 2026 07:28:40 GMT",
    ] {
        for name in ["retry-after", "x-amz-retry-after"] {
            let (error, took) = two_attempts(503, &[AT, (name, hint)]).await;
            assert_eq!(
                (error.kind(), error.attempts()),
                (ErrorKind::Capacity, Some(2)),
                "{name}: {hint}"
            );
            assert_eq!(error.retry_after(), None, "{name}: {hint}");
            assert!(took < 2 * SECOND, "{took:?} {name}: {hint}");
        }
    }
}
