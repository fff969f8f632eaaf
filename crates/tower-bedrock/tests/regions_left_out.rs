//! A model that a Region does not serve is left out there, and tried again now and then.

mod common;
#[path = "common/regions.rs"]
mod two;

use bedrock_sim::{Fault, Simulator};
use common::{MODEL, prompt, simulator};
use std::{num::NonZeroU32, time::Duration};
use tokio::time::sleep;
use tower::ServiceExt;
use tower_bedrock::{ErrorKind, Regions, Request, Stack, policy::Quotas};
use two::{EAST, WEST, admitted, call, listed, stack_of};

const MISSING: &str = "Could not resolve the foundation model from the provided model identifier.";

fn faulted(sim: &Simulator) -> u64 {
    sim.usage().model(MODEL).map_or(0, |usage| usage.faulted)
}

fn world() -> (Simulator, Simulator, Stack<Regions>) {
    let (east, west) = (simulator(), simulator());
    let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
    (east, west, stack)
}

async fn is_answered_in(stack: &Stack<Regions>, text: &str, region: &str) {
    let (answer, wait) = call(stack, text).await;
    assert_eq!(answer.expect(text).meta().region(), Some(region), "{text}");
    assert_eq!(wait, Duration::ZERO, "{text}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn calls_stay_away_from_where_a_model_is_missing() {
    for fault in [
        Fault::resource_not_found().message(MISSING),
        Fault::validation().message("The provided model identifier is invalid."),
        Fault::access_denied()
            .message("You don't have access to the model with the specified model ID."),
    ] {
        let (east, west, stack) = world();
        east.script([fault.times(1000)]);
        for text in ["a", "b", "c"] {
            is_answered_in(&stack, text, WEST).await;
        }
        assert_eq!((faulted(&east), admitted(&west)), (1, 3));
        // One call tries again, and no other one while it does.
        sleep(Duration::from_secs(601)).await;
        for text in ["d", "e"] {
            is_answered_in(&stack, text, WEST).await;
        }
        assert_eq!(faulted(&east), 2);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_model_that_is_served_again_is_used_again() {
    let (east, _, stack) = world();
    east.script([Fault::resource_not_found().message(MISSING).times(1)]);
    is_answered_in(&stack, "a", WEST).await;
    sleep(Duration::from_secs(599)).await;
    is_answered_in(&stack, "b", WEST).await;
    sleep(Duration::from_secs(2)).await;
    for text in ["c", "d", "e"] {
        is_answered_in(&stack, text, EAST).await;
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_model_that_nobody_serves_is_the_callers_mistake() {
    let (east, west, stack) = world();
    let missing = || Fault::resource_not_found().message(MISSING).times(2);
    east.script([missing()]);
    west.script([missing()]);
    for text in ["a", "b"] {
        let error = call(&stack, text).await.0.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.region(), Some(EAST), "the first one's error");
    }
    assert_eq!((faulted(&east), faulted(&west)), (2, 2));
    // So it is left out nowhere.
    is_answered_in(&stack, "c", EAST).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn where_it_is_left_out_it_is_tried_before_it_is_given_up() {
    let (east, west, stack) = world();
    let missing = || Fault::resource_not_found().message(MISSING);
    east.script([missing().times(1)]);
    is_answered_in(&stack, "a", WEST).await;
    // The model has moved.
    west.script([missing().times(1)]);
    for text in ["b", "c"] {
        is_answered_in(&stack, text, EAST).await;
    }
    assert_eq!((faulted(&east), faulted(&west)), (1, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn other_mistakes_leave_nothing_out() {
    for fault in [
        Fault::validation().message("max_tokens: 100000 > 64000"),
        Fault::resource_not_found().message("The guardrail does not exist."),
        Fault::access_denied().message("User: a is not authorized to perform: bedrock:InvokeModel"),
    ] {
        let (east, west, stack) = world();
        east.script([fault.times(1)]);
        let request = Request::new(prompt("a")).max_attempts(NonZeroU32::MIN);
        stack.clone().oneshot(request).await.unwrap_err();
        is_answered_in(&stack, "b", EAST).await;
        assert_eq!(admitted(&west), 0);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_model_that_is_left_out_is_no_other() {
    let (east, west) = (
        simulator().model(bedrock_sim::Model::new("us.amazon.nova-lite-v1:0")),
        simulator(),
    );
    let (stack, _) = stack_of(listed(&east, &west), Quotas::new());
    east.script([Fault::resource_not_found()
        .message(MISSING)
        .model(MODEL)
        .times(1000)]);
    is_answered_in(&stack, "a", WEST).await;
    let mut other = prompt("b");
    other.model_id = Some("us.amazon.nova-lite-v1:0".to_owned());
    let answer = stack.clone().oneshot(other.into()).await.unwrap();
    assert_eq!(answer.meta().region(), Some(EAST));
    is_answered_in(&stack, "c", WEST).await;
    assert_eq!(faulted(&east), 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_model_can_be_left_out_for_ever() {
    let (east, west) = (simulator(), simulator());
    let regions = listed(&east, &west).left_out_for(Duration::MAX);
    let (stack, _) = stack_of(regions, Quotas::new());
    east.script([Fault::resource_not_found().message(MISSING).times(1000)]);
    is_answered_in(&stack, "a", WEST).await;
    sleep(Duration::from_secs(24 * 3600)).await;
    is_answered_in(&stack, "b", WEST).await;
    assert_eq!(faulted(&east), 1);
}
