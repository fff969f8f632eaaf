//! Failures by a script, through the real layers.
//!
//! The clock is paused: it leaps to the next timer as soon as nothing else can run, so minutes of
//! backoff pass at once, and the test sees how many they were.

use mock_tests::{Converse, MODEL, summarize};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use tower::{Layer, service_fn};
use tower_bedrock::{
    Error, ErrorKind, Request, Response, StackLayer,
    aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput},
    test_util,
};

type Script = fn(u32) -> Result<Response<ConverseOutput>, Error>;

/// A service that does to each call what `script` says of its number, from 0, and counts the calls.
fn scripted(
    script: Script,
) -> (
    impl Converse<Future: Send> + Clone + Send + 'static,
    Arc<AtomicU32>,
) {
    let calls = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&calls);
    let bedrock = service_fn(move |_: Request<ConverseInput>| {
        let call = seen.fetch_add(1, Ordering::Relaxed);
        async move { script(call) }
    });
    (bedrock, calls)
}

#[tokio::test(start_paused = true)]
async fn two_throttles_cost_their_waits_and_no_summary() {
    let (bedrock, calls) = scripted(|call| match call {
        0 | 1 => Err(test_util::throttled().with_retry_after(Duration::from_secs(7))),
        _ => Ok(test_util::text("It rains.")),
    });
    let stack = StackLayer::new("us-east-1").layer(bedrock);

    let start = Instant::now();
    assert_eq!(summarize(stack, "Rain, rain").await.unwrap(), "It rains.");
    assert!(start.elapsed() >= Duration::from_secs(14));
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn throttles_without_end_are_waited_for_no_longer_than_the_deadline() {
    let (bedrock, calls) = scripted(|_| Err(test_util::throttled()));
    let stack = StackLayer::new("us-east-1").layer(bedrock);

    let start = Instant::now();
    assert_eq!(summarize(stack, "Rain").await.unwrap(), "Rain…");
    assert!(start.elapsed() <= Duration::from_secs(30));
    assert!(calls.load(Ordering::Relaxed) > 1);
}

#[tokio::test(start_paused = true)]
async fn a_mistake_is_made_once() {
    let (bedrock, calls) = scripted(|_| Err(test_util::error(ErrorKind::Invalid)));
    let stack = StackLayer::new("us-east-1").layer(bedrock);

    let error = summarize(stack, "Rain").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Invalid, Some(1))
    );
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn while_the_circuit_is_open_nothing_is_sent() {
    let (bedrock, calls) = scripted(|_| Ok(test_util::text("It rains.")));
    let layer = StackLayer::new("us-east-1");
    let stack = layer.layer(bedrock);
    let circuits = layer.handle().circuits();
    let circuit = circuits.handle(&format!("us-east-1/{MODEL}").into());

    circuit.force_open();
    assert_eq!(summarize(stack.clone(), "Rain").await.unwrap(), "Rain…");
    assert_eq!(calls.load(Ordering::Relaxed), 0);

    circuit.force_closed();
    assert_eq!(summarize(stack, "Rain").await.unwrap(), "It rains.");
}
