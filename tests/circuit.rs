//! When the stack stops asking a model.

use bedrock_sim::{Fault, Model, Simulator};
use end_to_end::{MODEL, prompt, stack};
use std::time::Duration;
use tokio::time::advance;
use tower::ServiceExt;
use tower_bedrock::{ErrorKind, Request};

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
        (ErrorKind::CircuitOpen, Some(1))
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
async fn an_outage_opens_the_circuit_and_calls_wait_it_out() {
    let sim = sim();
    sim.script([Fault::service_unavailable().times(6)]);
    let response = stack(&sim)
        .oneshot(Request::new(prompt("hello")))
        .await
        .unwrap();
    assert!(
        response.attempts() > 6,
        "the open circuit took attempts too"
    );
    assert_eq!(admitted(&sim, MODEL), 1);
}

#[tokio::test(start_paused = true)]
async fn throttles_and_the_callers_faults_open_nothing() {
    let sim = sim();
    let stack = stack(&sim);
    sim.script([Fault::throttling().times(10)]);
    let call = stack.clone().oneshot(Request::new(prompt("hello")));
    assert_eq!(
        call.await.unwrap().attempts(),
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
