//! When the stack stops asking a model.

use bedrock_sim::{Fault, Latency, Model, Simulator};
use end_to_end::{MODEL, prompt, stack};
use std::time::Duration;
use tokio::time::{Instant, advance};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, ErrorKind, Request, StackLayer,
    policy::{ModelQuota, Quotas, RetryPolicy},
};

const OTHER: &str = "us.amazon.nova-micro-v1:0";

fn sim() -> Simulator {
    Simulator::new()
        .model(Model::new(MODEL))
        .model(Model::new(OTHER))
}

fn admitted(sim: &Simulator, model: &str) -> u64 {
    sim.usage().model(model).map_or(0, |model| model.admitted)
}

#[tokio::test(start_paused = true)]
async fn a_limit_per_day_stops_the_model_for_an_hour_and_no_other() {
    let sim = sim();
    let stack = stack(&sim);
    sim.script([Fault::throttling_daily()]);
    let spent = stack
        .clone()
        .oneshot(Request::new(prompt("one")))
        .await
        .unwrap_err();
    assert_eq!(
        (spent.kind(), spent.attempts()),
        (ErrorKind::Exhausted, Some(1))
    );

    // However long it may wait, an hour for one circuit is not what it meant.
    let patient = Request::new(prompt("two")).timeout(Duration::from_secs(7200));
    let open = stack.clone().oneshot(patient).await.unwrap_err();
    assert_eq!(
        (open.kind(), open.attempts()),
        (ErrorKind::Exhausted, Some(1))
    );
    assert!(open.retry_after().unwrap() > Duration::from_secs(3000));
    assert!(open.to_string().contains("circuit is open"), "{open}");
    assert_eq!(admitted(&sim, MODEL), 0);

    let mut other = prompt("three");
    other.model_id = Some(OTHER.to_owned());
    stack.clone().oneshot(Request::new(other)).await.unwrap();

    advance(Duration::from_secs(3600)).await;
    stack.oneshot(Request::new(prompt("four"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_short_fault_is_ridden_out() {
    let sim = sim();
    sim.script([Fault::service_unavailable().times(5)]);
    stack(&sim)
        .oneshot(Request::new(prompt("hello")))
        .await
        .unwrap();
    assert_eq!(admitted(&sim, MODEL), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_fails_fast() {
    let sim = sim();
    sim.script([Fault::service_unavailable().rate(1.0)]);
    let stack = stack(&sim);
    let start = Instant::now();
    for n in 0..10 {
        let call = stack.clone().oneshot(Request::new(prompt(&n.to_string())));
        assert_eq!(call.await.unwrap_err().kind(), ErrorKind::CircuitOpen);
    }
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_can_be_waited_for() {
    let sim = sim();
    sim.script([Fault::service_unavailable().times(12)]);
    let patient = RetryPolicy::new().open_circuit(Duration::from_secs(900));
    let stack = StackLayer::new("us-east-1")
        .backoff(patient.layer())
        .layer(Bedrock::new(sim.sdk_config()));
    stack.oneshot(Request::new(prompt("hello"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn deadlines_of_the_impatient_open_nothing() {
    let latency = Latency::new(Duration::from_secs(2), Duration::ZERO);
    let sim = sim().latency(latency);
    let stack = StackLayer::new("us-east-1")
        .quotas(Quotas::new().model(MODEL, ModelQuota::new().requests_per_minute(6_000)))
        .layer(Bedrock::new(sim.sdk_config()));
    for n in 0..30 {
        let timeout = Duration::from_millis(n % 2 * 500);
        let hasty = Request::new(prompt(&n.to_string())).timeout(timeout);
        let error = stack.clone().oneshot(hasty).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    }
    stack.oneshot(Request::new(prompt("hello"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn throttles_and_the_callers_faults_open_nothing() {
    let sim = sim();
    let stack = stack(&sim);
    sim.script([Fault::throttling().times(10)]);
    let call = stack.clone().oneshot(Request::new(prompt("hello")));
    assert_eq!(
        call.await.unwrap().meta().attempts(),
        11,
        "a circuit took attempts"
    );
    sim.script([Fault::validation().times(30)]);
    for n in 0..30 {
        let call = stack.clone().oneshot(Request::new(prompt(&n.to_string())));
        assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Invalid);
    }
    stack.oneshot(Request::new(prompt("again"))).await.unwrap();
}
