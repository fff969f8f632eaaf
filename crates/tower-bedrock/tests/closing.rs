//! A stack that is closed lets what is under way end, and nothing else go to Bedrock.

mod common;

use bedrock_sim::{Fault, Latency, Model, Simulator};
use common::{MODEL, bedrock, prompt, simulator, stream_prompt};
use std::time::Duration;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    ErrorKind, StackLayer,
    policy::{ModelQuota, Quotas},
};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn waiting_calls_fail_at_once_and_those_under_way_end() {
    let half = Latency::new(Duration::from_secs(30), Duration::ZERO);
    let model = Model::new(MODEL).requests_per_minute(6);
    let sim = Simulator::new().model(model).latency(half);
    let quotas = Quotas::new().model(MODEL, ModelQuota::new().requests_per_minute(6));
    let layer = StackLayer::new("us-east-1").quotas(quotas);
    let handle = layer.handle();
    let stack = layer.layer(bedrock(&sim));
    let start = Instant::now();
    let call = |text: &str| {
        let call = stack.clone().oneshot(prompt(text).into());
        tokio::spawn(async move { (call.await, start.elapsed()) })
    };
    let under_way = call("first");
    tokio::time::sleep(Duration::from_millis(1)).await;
    let waiting: Vec<_> = (0..8).map(|number| call(&format!("{number}"))).collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let waits = handle.snapshot().models[0].quota.as_ref().unwrap().queued;
    assert!(waits >= 3, "{waits}");

    handle.close();
    handle.close();
    assert!(handle.snapshot().closed);
    assert!(handle.snapshot().to_string().starts_with("closed\n"));
    let mut closed = 0;
    for call in waiting {
        let (Err(error), time) = call.await.unwrap() else {
            continue;
        };
        assert!(time < Duration::from_secs(2), "{time:?}");
        closed += 1;
        assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
        assert_eq!(error.attempts(), Some(0));
        assert!(error.retry_after().unwrap() > Duration::ZERO);
        assert!(error.to_string().contains("about to end"), "{error}");
    }
    assert_eq!(closed, waits);
    let later = Instant::now();
    let error = call("later").await.unwrap().0.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(later.elapsed(), Duration::ZERO);

    assert!(under_way.await.unwrap().0.is_ok());
    // What is kept needs no quota.
    assert!(call("first").await.unwrap().0.is_ok());
    let quota = handle.snapshot().models[0].quota.clone().unwrap();
    assert_eq!((quota.pending_calls, quota.queued), (0, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stream_under_way_goes_on_to_its_end() {
    let sim = simulator();
    let layer = StackLayer::new("us-east-1");
    let handle = layer.handle();
    let stack = layer.layer(bedrock(&sim));
    let stream = stack
        .clone()
        .oneshot(stream_prompt("hello").into())
        .await
        .unwrap();
    handle.close();
    assert!(stream.message().await.unwrap().output().is_some());
    let used = handle.snapshot();
    let quota = used.models[0].quota.as_ref().unwrap();
    assert_eq!(quota.pending_calls, 0);
    assert_eq!(used.models[0].tokens.as_ref().unwrap().answers, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_retry_is_a_new_call_and_tells_what_failed_before() {
    let sim = simulator();
    let layer = StackLayer::new("us-east-1");
    let handle = layer.handle();
    let stack = layer.layer(bedrock(&sim));
    sim.script([Fault::throttling().times(100)]);
    let call = tokio::spawn(stack.oneshot(prompt("hello").into()));
    tokio::time::sleep(Duration::from_millis(1)).await;
    handle.close();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Closed, Some(1))
    );
    assert!(error.to_string().contains("ThrottlingException"), "{error}");
}
