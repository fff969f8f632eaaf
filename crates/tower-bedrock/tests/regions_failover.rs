//! A call that fails in one Region goes to another one at once, if that may make it good.

mod common;
#[path = "common/regions.rs"]
mod two;

use bedrock_sim::{Fault, Simulator, StreamException};
use common::{MODEL, prompt, simulator, stream_prompt};
use std::{num::NonZeroU32, time::Duration};
use tokio::time::Instant;
use tower::ServiceExt;
use tower_bedrock::{ErrorKind, Request, policy::Quotas};
use two::{EAST, WEST, admitted, listed, stack_of};

fn faulted(sim: &Simulator) -> u64 {
    sim.usage().model(MODEL).map_or(0, |usage| usage.faulted)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_another_region_makes_good_moves_without_a_pause() {
    for fault in [
        Fault::throttling(),
        Fault::service_unavailable(),
        Fault::internal_server(),
        Fault::model_not_ready(),
        Fault::service_quota_exceeded(),
    ] {
        let (east, west) = (simulator(), simulator());
        let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
        east.script([fault.clone().times(1000)]);
        let start = Instant::now();
        // Moves are no attempts of the retry layer's.
        let request = Request::new(prompt("hello")).max_attempts(NonZeroU32::MIN);
        let answer = stack.oneshot(request).await.unwrap();
        assert_eq!(answer.meta().region(), Some(WEST), "{fault:?}");
        assert_eq!(answer.meta().attempts(), 2, "{fault:?}");
        assert_eq!(start.elapsed(), Duration::ZERO, "{fault:?}");
        assert_eq!((faulted(&east), admitted(&west)), (1, 1), "{fault:?}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stream_moves_before_its_first_event() {
    for fault in [
        Fault::throttling(),
        Fault::stream_exception(StreamException::Throttling).at(0),
        Fault::stream_exception(StreamException::ServiceUnavailable).at(0),
    ] {
        let (east, west) = (simulator(), simulator());
        let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
        east.script([fault.clone().times(1000)]);
        let start = Instant::now();
        let stream = stack.oneshot(stream_prompt("hello").into()).await.unwrap();
        assert_eq!(stream.meta().region(), Some(WEST), "{fault:?}");
        assert_eq!(start.elapsed(), Duration::ZERO, "{fault:?}");
        assert!(stream.message().await.unwrap().output().is_some());
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_callers_own_faults_stay() {
    for (fault, kind) in [
        (Fault::validation(), ErrorKind::Invalid),
        (Fault::access_denied(), ErrorKind::AccessDenied),
        (Fault::model_error(), ErrorKind::Transient),
    ] {
        let (east, west) = (simulator(), simulator());
        let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
        let fault = fault.message("It is the prompt's own fault.");
        east.script([fault.clone().times(1000)]);
        let request = Request::new(prompt("hello")).max_attempts(NonZeroU32::MIN);
        let error = stack.oneshot(request).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.region(), Some(EAST));
        assert_eq!((faulted(&east), admitted(&west)), (1, 0), "{fault:?}");
    }
}
