//! A request that names its Region, beside an equal one that does not.

mod common;
#[path = "common/regions.rs"]
mod two;

use bedrock_sim::Fault;
use common::{prompt, simulator};
use std::time::Duration;
use tokio::time::sleep;
use tower::ServiceExt;
use tower_bedrock::{ErrorKind, Request, policy::Quotas};
use two::{EAST, WEST, call, listed, stack_of};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_is_wrong_in_its_region_is_nobody_elses_error() {
    for fault in [
        Fault::access_denied().message("not yours"),
        Fault::validation().message("no such guardrail here"),
        Fault::throttling_daily(),
    ] {
        let (east, west) = (simulator(), simulator());
        let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
        west.script([fault.clone().delay(Duration::from_secs(1)).times(1000)]);
        let pinned = Request::new(prompt("hello")).region(WEST);
        let later = async {
            sleep(Duration::from_millis(10)).await;
            call(&stack, "hello").await.0
        };
        let (pinned, other) = tokio::join!(stack.clone().oneshot(pinned), later);
        let error = pinned.unwrap_err();
        assert_eq!(error.region(), Some(WEST));
        assert_ne!(error.kind(), ErrorKind::Other);
        assert_eq!(other.unwrap().meta().region(), Some(EAST), "{fault:?}");
    }
}
