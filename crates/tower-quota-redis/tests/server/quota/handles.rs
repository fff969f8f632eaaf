//! What the handle of a process shows of the others, and changes.

use tower_quota::{Cause, Limit, Rejected};

use super::calls::Calls;
use super::process::{Call, MODEL, Process};
use crate::support::{SECOND, Server, until};

const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

async fn all_go(process: &Process, many: usize) {
    for call in process.calls(many, Call::default()) {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn handles_show_what_others_use_and_change_what_one_goes_by() {
    let server = Server::start();
    let calls = Calls::new();
    let limit = Limit::calls(40, MINUTE).enforced();
    let [one, other] =
        [0, 1].map(|name| Process::limited(limit.clone(), name, &server.url(), &calls));
    let key = MODEL.to_owned();
    let used = |process: &Process| process.handle.snapshot(&key).unwrap().limits[0].used;
    let queued = |process: &Process| process.handle.snapshot(&key).unwrap().queued;
    // Who need not wait hears of others with its own calls.
    all_go(&one, 30).await;
    all_go(&other, 1).await;
    until("the other knows", || used(&other) == 31).await;
    assert!(other.handle.wait_for(&key, 0).is_zero());
    assert!(other.handle.headroom(&key).left() < 0.5);
    all_go(&one, 9).await;
    let closed = one.calls(10, Call::default());
    let goes = other.calls(10, Call::default());
    until("they wait", || queued(&one) == 10 && queued(&other) == 10).await;
    until("both know", || used(&one) == 40 && used(&other) == 40).await;
    let wait = other.handle.wait_for(&key, 0);
    assert!(wait > SECOND && wait <= 2 * MINUTE, "{wait:?}");

    one.handle.close();
    for call in closed {
        let err = call.await.unwrap().unwrap_err();
        let rejected = err.downcast_ref::<Rejected>().expect("no other error");
        assert_eq!(rejected.cause(), &Cause::Closed);
        assert!(rejected.retry_after().is_some());
    }
    assert_eq!(queued(&other), 10);
    let more = Limit::calls(1_000, MINUTE).enforced();
    other.handle.set_limits(&key, more);
    for call in goes {
        call.await.unwrap().unwrap();
    }
    until("one that is closed knows", || used(&one) == 50).await;
    assert_eq!(calls.all().len(), 50);
}
