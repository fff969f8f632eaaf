//! What is wrong in a Region for a while keeps no call away for longer.

mod common;
#[path = "common/regions.rs"]
mod two;

use bedrock_sim::Fault;
use common::{MODEL, simulator};
use futures_util::future::join_all;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use tower_bedrock::policy::Quotas;
use two::{EAST, WEST, admitted, call, limited, listed, quotas, stack_of};

fn key(region: &str) -> Arc<str> {
    format!("{region}/{MODEL}").into()
}

/// Those who failed in the West wait in the East, for minutes. They are not to stay there when the West is
/// well again.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_waits_goes_back_to_where_it_failed() {
    let (east, west) = (limited(12), limited(120));
    let (stack, _) = stack_of(listed(&east, &west), quotas(12, 120));
    let down = Duration::from_secs(120);
    west.script([Fault::service_unavailable()
        .during(Duration::ZERO..down)
        .times(1_000_000)]);
    let start = Instant::now();
    let calls = (0..120).map(|number| call(&stack, number));
    for (answer, _) in join_all(calls).await {
        answer.expect("none is lost");
    }
    let (east, west) = (admitted(&east), admitted(&west));
    let time = start.elapsed();
    // A minute to find out, and half a minute for the rest of them.
    assert!(
        time <= down + Duration::from_secs(120),
        "{time:?}: {east} in the East, {west} in the West"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_open_circuit_is_waited_for_where_no_other_region_can_help() {
    const MISSING: &str =
        "Could not resolve the foundation model from the provided model identifier.";
    for fault in [
        Fault::resource_not_found().message(MISSING),
        Fault::throttling_daily(),
    ] {
        let (east, west) = (simulator(), simulator());
        let (stack, handle) = stack_of(listed(&east, &west), Quotas::new());
        east.script([fault.clone().times(1000)]);
        let circuit = handle.circuits().handle(&key(WEST));
        circuit.force_open_for(Duration::from_secs(3));
        let (answer, wait) = call(&stack, "hello").await;
        assert_eq!(answer.unwrap().meta().region(), Some(WEST), "{fault:?}");
        assert!(wait < Duration::from_secs(5), "{wait:?}");
        // One that never closes is no help: the error is that of the Region.
        circuit.force_open();
        let (stack, handle) = stack_of(listed(&east, &west), Quotas::new());
        handle.circuits().handle(&key(WEST)).force_open();
        let (error, wait) = call(&stack, "hello again").await;
        assert_eq!(error.unwrap_err().region(), Some(EAST), "{fault:?}");
        assert_eq!(wait, Duration::ZERO, "{fault:?}");
    }
}
