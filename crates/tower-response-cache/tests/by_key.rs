//! What the short form of a policy can be told.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::{Instant, advance, sleep};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_response_cache::{ByKey, ResponseCacheLayer};

const TTL: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, PartialEq)]
struct Outage(u64);

/// Counts its calls; each takes a second. Answers with the number of the call, and fails while it is odd.
fn counting() -> impl Service<
    &'static str,
    Response = u64,
    Error = Outage,
    Future = impl Future<Output = Result<u64, Outage>> + Send,
> + Clone
+ Send
+ 'static {
    let calls = Arc::new(AtomicU64::new(0));
    service_fn(move |req: &'static str| {
        let call = calls.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            sleep(SECOND).await;
            if req == "fails" || (req == "fails at times" && call % 2 == 0) {
                return Err(Outage(call));
            }
            Ok(call)
        }
    })
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn response_that_is_not_to_be_kept_is_fetched_again() {
    let policy = ByKey::new(TTL, |req: &&'static str| Some(*req)).keep_if(|call: &u64| *call > 2);
    let mut service = ResponseCacheLayer::new(policy, 100).layer(counting());
    for call in [1, 2, 3, 3] {
        assert_eq!(service.call("a").await, Ok(call));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn responses_weigh_what_the_closure_says() {
    let policy = ByKey::new(TTL, |req: &&'static str| Some(*req)).weigh(|call: &u64| call * 40);
    let layer = ResponseCacheLayer::new(policy, 100);
    let mut service = layer.layer(counting());
    assert_eq!(service.call("a").await, Ok(1));
    assert_eq!(layer.handle().snapshot().store.weight, 40);
    for key in ["b", "c"] {
        service.call(key).await.unwrap();
    }
    let snapshot = layer.handle().snapshot();
    assert_eq!((snapshot.store.entries, snapshot.refused), (1, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn old_response_is_given_while_a_new_one_is_fetched_or_cannot_be_had() {
    let policy = ByKey::new(TTL, |req: &&'static str| Some(*req))
        .stale_while_revalidate(TTL)
        .stale_if_error(3 * TTL);
    let mut service = ResponseCacheLayer::new(policy, 100).layer(counting());
    assert_eq!(service.call("fails at times").await, Ok(1));
    advance(TTL).await;
    let asked = Instant::now();
    assert_eq!(service.call("fails at times").await, Ok(1));
    assert_eq!(asked.elapsed(), Duration::ZERO);
    // That call failed.
    sleep(2 * SECOND).await;
    assert_eq!(service.call("fails at times").await, Ok(1));
    sleep(2 * SECOND).await;
    assert_eq!(service.call("fails at times").await, Ok(3));
    advance(2 * TTL).await;
    assert_eq!(
        service.call("fails at times").await,
        Ok(3),
        "the fourth failed"
    );
}

/// What 100 callers of one key get, and how long the last one waits.
async fn outage<S>(service: S) -> (Vec<u64>, Duration)
where
    S: Service<&'static str, Response = u64, Error = Outage, Future: Send> + Clone,
{
    let asked = Instant::now();
    let callers = (0..100).map(|_| service.clone().oneshot("fails"));
    let errors = join_all(callers).await.into_iter();
    let errors = errors
        .map(|result| result.expect_err("an outage").0)
        .collect();
    (errors, asked.elapsed())
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn shared_error_goes_to_all_who_wait_for_the_call() {
    let policy = ByKey::new(TTL, |req: &&'static str| Some(*req));
    let shares = policy.share_errors(|err: &Outage| Some(err.clone()));
    let layer = ResponseCacheLayer::new(shares, 100);
    let (errors, time) = outage(layer.layer(counting())).await;
    assert_eq!((errors, time), (vec![1; 100], SECOND));
    assert_eq!(layer.handle().snapshot().stored, 0);

    // One of which it makes nothing is as if it were not there.
    let unlike = policy.share_errors(|err: &Outage| (err.0 > 2).then(|| err.clone()));
    let layer = ResponseCacheLayer::new(unlike, 100).failures_in_turn(3);
    let (errors, time) = outage(layer.layer(counting())).await;
    assert_eq!((errors.len(), errors[99], time), (100, 3, 3 * SECOND));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn error_that_is_not_shared_lets_the_callers_go_after_the_second() {
    let policy = ByKey::new(TTL, |req: &&'static str| Some(*req));
    let each = (1..=100).collect::<Vec<_>>();
    let seconds = |limit: Option<u32>| {
        let layer = ResponseCacheLayer::new(policy, 100);
        let layer = limit
            .into_iter()
            .fold(layer, ResponseCacheLayer::failures_in_turn);
        let each = each.clone();
        async move {
            let (errors, time) = outage(layer.layer(counting())).await;
            assert_eq!(errors, each);
            let snapshot = layer.handle().snapshot();
            assert_eq!(
                (snapshot.misses, snapshot.flights, snapshot.waiting),
                (100, 0, 0)
            );
            time.as_secs()
        }
    };
    assert_eq!(seconds(None).await, 3);
    assert_eq!(seconds(Some(0)).await, 2);
    assert_eq!(seconds(Some(1)).await, 2);
    assert_eq!(seconds(Some(3)).await, 4);
    assert_eq!(seconds(Some(u32::MAX)).await, 100);
}
