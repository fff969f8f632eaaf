//! What is concluded from what Bedrock says of its limits.

use bedrock_sim::{Fault, Model, Simulator};
use end_to_end::{MODEL, prompt, stack};
use std::time::Duration;
use tokio::time::{Instant, advance};
use tower::ServiceExt;
use tower_bedrock::{ErrorKind, Request};

const OTHER: &str = "us.amazon.nova-micro-v1:0";
const HOUR: Duration = Duration::from_secs(3600);

fn admitted(sim: &Simulator, model: &str) -> u64 {
    sim.usage().model(model).map_or(0, |model| model.admitted)
}

#[tokio::test(start_paused = true)]
async fn a_limit_per_day_stops_such_calls_for_an_hour_and_no_other_model() {
    let sim = Simulator::new()
        .model(Model::new(MODEL))
        .model(Model::new(OTHER));
    let stack = stack(&sim);
    sim.script([Fault::throttling_daily()]);
    let spent = stack.clone().oneshot(Request::new(prompt("one")));
    let spent = spent.await.unwrap_err();
    assert_eq!(
        (spent.kind(), spent.attempts()),
        (ErrorKind::Exhausted, Some(1))
    );

    // However long it may wait, an hour without a word is not what it meant.
    let start = Instant::now();
    let patient = Request::new(prompt("two")).timeout(2 * HOUR);
    let refused = stack.clone().oneshot(patient).await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.attempts()),
        (ErrorKind::Exhausted, Some(1))
    );
    assert_eq!(refused.retry_after(), Some(HOUR));
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(admitted(&sim, MODEL), 0);

    let mut other = prompt("three");
    other.model_id = Some(OTHER.to_owned());
    stack.clone().oneshot(Request::new(other)).await.unwrap();

    advance(HOUR).await;
    stack.oneshot(Request::new(prompt("four"))).await.unwrap();
}
