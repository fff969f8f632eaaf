//! Callers of one key, of which each call fails.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt, service_fn};
use tower_response_cache::{CacheStatus, Keep, Lookup, Policy, ResponseCacheLayer};

const SECOND: Duration = Duration::from_secs(1);

/// The number of the call that failed.
type Failed = u64;

/// Shares an error after some calls that failed, unless it is of an odd call.
struct Rules;

impl Policy<(), (), Failed> for Rules {
    type Key = ();
    type Value = Failed;
    type Context = ();

    fn lookup(&self, (): &()) -> Lookup<()> {
        Lookup::Use(())
    }

    fn context(&self, (): &()) {}

    fn keep(&self, (): &(), (): &()) -> Option<Keep> {
        None
    }

    fn share(&self, (): &()) -> Option<Failed> {
        None
    }

    fn share_outage(&self, (): &(), failed: &Failed) -> Option<Failed> {
        (failed % 2 == 0).then_some(*failed)
    }

    fn keep_error(&self, (): &(), _: &Failed) -> Option<Keep> {
        Some(Keep::new(SECOND))
    }

    fn restore(&self, failed: Failed, status: CacheStatus) -> Option<Result<(), Failed>> {
        assert_eq!(status, CacheStatus::Joined);
        Some(Err(failed))
    }
}

/// 100 callers, of which each call fails after a second: the calls of which they get the errors, and when the
/// last one has its error.
async fn outage(failures_in_turn: u32) -> (Vec<Failed>, Duration) {
    let calls = Arc::new(AtomicU64::new(0));
    let layer = ResponseCacheLayer::new(Rules, 100).failures_in_turn(failures_in_turn);
    let service = layer.layer(service_fn(move |()| {
        let call = calls.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            sleep(SECOND).await;
            Err::<(), _>(call)
        }
    }));
    let start = Instant::now();
    let callers = (0..100).map(|_| service.clone().oneshot(()));
    let failed = futures_util::future::join_all(callers).await;
    let mut failed: Vec<_> = failed.into_iter().map(Result::unwrap_err).collect();
    failed.sort_unstable();
    // Shared or not, it is not kept.
    let snapshot = layer.handle().snapshot();
    assert_eq!(
        (snapshot.stored, snapshot.flights, snapshot.waiting),
        (0, 0, 0)
    );
    (failed, start.elapsed())
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn those_who_have_waited_for_enough_failures_get_the_last_one() {
    let mut expected = vec![1];
    expected.extend([2; 99]);
    assert_eq!(outage(2).await, (expected, 2 * SECOND));
    let mut expected = vec![1, 2, 3];
    expected.extend([4; 97]);
    assert_eq!(outage(4).await, (expected, 4 * SECOND));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn failure_of_which_nothing_is_shared_lets_them_call_all_at_once() {
    let expected = (1..=100).collect::<Vec<_>>();
    assert_eq!(outage(1).await, (expected.clone(), 2 * SECOND));
    assert_eq!(outage(3).await, (expected, 4 * SECOND));
}
