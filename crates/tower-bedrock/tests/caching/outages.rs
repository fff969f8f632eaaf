//! Many callers of one request through a whole stack, whose every call fails.

use bedrock_sim::Fault;
use std::time::Duration;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{ErrorKind, Request, StackLayer};

use crate::common::{bedrock, prompt, simulator};

/// The errors of 100 callers, when the last one has its own, and how many made a call.
async fn outage(fault: Fault, timeout: Option<Duration>) -> (Vec<ErrorKind>, Duration, u64) {
    let sim = simulator();
    sim.script([fault.rate(1.0)]);
    let stack = StackLayer::new("us-east-1");
    let service = stack.layer(bedrock(&sim));
    let start = Instant::now();
    let callers = (0..100).map(|_| {
        let request = Request::new(prompt("hello"));
        let request = timeout.into_iter().fold(request, Request::timeout);
        tokio::spawn(service.clone().oneshot(request))
    });
    let mut kinds = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        kinds.push(caller.await.unwrap().unwrap_err().kind());
    }
    let snapshot = stack.handle().cache().snapshot();
    assert_eq!((snapshot.flights, snapshot.waiting), (0, 0));
    (kinds, start.elapsed(), snapshot.misses)
}

#[tokio::test(start_paused = true)]
async fn one_call_with_its_retries_fails_for_all_who_wait() {
    for (fault, most) in [
        (Fault::service_unavailable(), 120),
        (Fault::throttling(), 300),
        // Two attempts of six minutes.
        (Fault::hang(), 721),
    ] {
        let (kinds, time, calls) = outage(fault, None).await;
        assert_eq!((&kinds, calls), (&vec![kinds[0]; 100], 1));
        assert!(time < Duration::from_secs(most), "{kinds:?}: {time:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_others_longer_than_the_caller_wants() {
    let limit = Duration::from_secs(20);
    for fault in [
        Fault::service_unavailable(),
        Fault::throttling(),
        Fault::hang(),
    ] {
        let (kinds, time, _) = outage(fault, Some(limit)).await;
        assert!(time <= limit, "{kinds:?}: {time:?}");
    }
}
