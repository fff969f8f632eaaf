//! Old answers: while a new one is fetched, and where it cannot be had.

mod support;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use support::{
    Cached, IF_ERROR, Inner, Key, REVALIDATE, TTL, Value, Words, answer, assert_no_call, cached,
    fail, interfering::Interfering, others_run,
};
use tokio::time::{Instant, advance};
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, Service, service_fn};
use tower_response_cache::{
    CacheStatus, Entry, Handle, Keep, Lookup, MemoryStore, Policy, ResponseCacheLayer, Store,
};
use tower_test::mock::Spawn;

const MILLISECOND: Duration = Duration::from_millis(1);

/// A cache with an answer that is stale from now on.
async fn stale() -> (Spawn<Cached>, Inner, Handle<Key, Value>) {
    let (mut service, mut inner, handle) = cached();
    let mut call = task::spawn(service.call("a"));
    assert_pending!(call.poll());
    answer(&mut inner, "lasting old").await;
    assert_ready!(call.poll()).expect("an answer");
    advance(TTL).await;
    (service, inner, handle)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn stale_answer_comes_at_once_while_one_call_fetches_a_new_one() {
    let (mut service, mut inner, handle) = stale().await;
    for _ in 0..50 {
        let mut call = task::spawn(service.call("a"));
        let old = assert_ready!(call.poll()).unwrap();
        assert_eq!(old, "lasting old [stale]");
    }
    answer(&mut inner, "new").await;
    others_run().await;
    let mut hit = task::spawn(service.call("a"));
    assert_eq!(assert_ready!(hit.poll()).unwrap(), "new [hit]");
    assert_no_call(&mut inner);
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.misses, snapshot.stale, snapshot.revalidations),
        (1, 50, 1)
    );
    assert_eq!(
        (snapshot.hits, snapshot.stored, snapshot.flights),
        (1, 2, 0)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn whoever_comes_after_the_stale_answer_is_gone_joins_the_call_in_the_background() {
    let (mut service, mut inner, handle) = stale().await;
    assert_ready!(task::spawn(service.call("a")).poll()).unwrap();
    advance(REVALIDATE).await;
    let mut joined = task::spawn(service.call("a"));
    assert_pending!(joined.poll());
    answer(&mut inner, "new").await;
    others_run().await;
    assert_eq!(assert_ready!(joined.poll()).unwrap(), "new [joined]");
    assert_eq!(handle.snapshot().misses, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn call_in_the_background_that_fails_leaves_the_old_answer_and_is_made_again() {
    for message in ["mine", "shared throttled"] {
        let (mut service, mut inner, handle) = stale().await;
        assert_ready!(task::spawn(service.call("a")).poll()).unwrap();
        fail(&mut inner, message).await;
        others_run().await;
        advance(Duration::from_secs(1)).await;
        let mut call = task::spawn(service.call("a"));
        let old = assert_ready!(call.poll()).unwrap();
        assert_eq!(old, "lasting old [stale]");
        answer(&mut inner, "new").await;
        others_run().await;
        let mut hit = task::spawn(service.call("a"));
        assert_eq!(assert_ready!(hit.poll()).unwrap(), "new [hit]");
        assert_eq!(
            (handle.snapshot().revalidations, handle.snapshot().stale),
            (2, 2)
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn stale_answer_is_given_for_as_long_as_is_allowed_to_the_millisecond() {
    let (mut service, _inner, _) = stale().await;
    advance(REVALIDATE - MILLISECOND).await;
    assert_ready!(task::spawn(service.call("a")).poll()).unwrap();
    let (mut service, _inner, _) = stale().await;
    advance(REVALIDATE).await;
    assert_pending!(task::spawn(service.call("a")).poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn request_for_a_stored_answer_only_takes_a_stale_one_and_fetches_nothing() {
    let (mut service, mut inner, handle) = stale().await;
    let mut call = task::spawn(service.call("a only-if-cached"));
    let old = assert_ready!(call.poll()).unwrap();
    assert_eq!(old, "lasting old [stale]");
    others_run().await;
    assert_no_call(&mut inner);
    advance(REVALIDATE).await;
    let mut call = task::spawn(service.call("a only-if-cached"));
    assert!(assert_ready!(call.poll()).is_err());
    assert_eq!(handle.snapshot().flights, 0);
}

/// Keeps everything for no time at all, and gives it for an hour.
struct Brief;

impl Policy<u8, u64, Infallible> for Brief {
    type Key = u8;
    type Value = u64;
    type Context = ();

    fn lookup(&self, req: &u8) -> Lookup<u8> {
        Lookup::Use(*req)
    }

    fn context(&self, _: &u8) {}

    fn keep(&self, (): &(), _: &u64) -> Option<Keep> {
        let hour = Duration::from_secs(60 * 60);
        Some(Keep::new(Duration::from_nanos(1)).stale_while_revalidate(hour))
    }

    fn share(&self, res: &u64) -> Option<u64> {
        Some(*res)
    }

    fn restore(&self, value: u64, _: CacheStatus) -> Option<Result<u64, Infallible>> {
        Some(Ok(value))
    }
}

#[test]
fn outside_of_a_runtime_the_caller_fetches_the_new_answer() {
    let calls = Arc::new(AtomicU64::new(0));
    let layer = ResponseCacheLayer::new(Brief, 10);
    let handle = layer.handle();
    let mut service = layer.layer(service_fn(move |_: u8| {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        async move { Ok(call) }
    }));
    for call in 0..3 {
        let answer = assert_ready!(task::spawn(service.call(0)).poll());
        assert_eq!(answer, Ok(call));
    }
    assert_eq!((handle.snapshot().misses, handle.snapshot().stale), (3, 0));
}

/// Beyond the time in which a stale answer comes at once.
async fn staler() -> (Spawn<Cached>, Inner, Handle<Key, Value>) {
    let parts = stale().await;
    advance(REVALIDATE).await;
    parts
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn old_answer_is_better_than_a_throttle() {
    for message in ["throttled", "shared throttled", "kept throttled"] {
        let (mut service, mut inner, handle) = staler().await;
        let mut leader = task::spawn(service.call("a"));
        let mut second = task::spawn(service.call("a"));
        assert_pending!(leader.poll());
        assert_pending!(second.poll());
        fail(&mut inner, message).await;
        let old = "lasting old [stale_if_error]";
        assert_eq!(assert_ready!(leader.poll()).unwrap(), old);
        assert_eq!(assert_ready!(second.poll()).unwrap(), old);
        let snapshot = handle.snapshot();
        assert_eq!(
            (snapshot.misses, snapshot.stale, snapshot.stored),
            (2, 2, 1)
        );
        // It is still there, and a new one is still asked for.
        let mut again = task::spawn(service.call("a"));
        assert_pending!(again.poll());
        answer(&mut inner, "new").await;
        assert_eq!(assert_ready!(again.poll()).unwrap(), "new [expired]");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn other_errors_are_told() {
    let (mut service, mut inner, _) = staler().await;
    let mut call = task::spawn(service.call("a"));
    assert_pending!(call.poll());
    fail(&mut inner, "invalid").await;
    let error = assert_ready!(call.poll()).unwrap_err();
    assert_eq!(error.to_string(), "invalid");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_too_old_for_its_rule_is_not_given_in_the_place_of_an_error() {
    for (age, expected) in [(IF_ERROR - MILLISECOND, true), (IF_ERROR, false)] {
        let (mut service, mut inner, _) = stale().await;
        advance(age).await;
        let mut call = task::spawn(service.call("a"));
        assert_pending!(call.poll());
        fail(&mut inner, "throttled").await;
        assert_eq!(assert_ready!(call.poll()).is_ok(), expected);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn invalidated_answer_is_not_given_in_the_place_of_an_error() {
    let (mut service, mut inner, handle) = staler().await;
    let mut call = task::spawn(service.call("a"));
    assert_pending!(call.poll());
    drop(handle.invalidate(&"a"));
    fail(&mut inner, "throttled").await;
    assert!(assert_ready!(call.poll()).is_err());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn who_asks_for_a_new_answer_gets_the_error_and_who_joined_it_the_old_answer() {
    let (mut service, mut inner, handle) = staler().await;
    let mut refresh = task::spawn(service.call("a refresh"));
    let mut joined = task::spawn(service.call("a"));
    assert_pending!(refresh.poll());
    assert_pending!(joined.poll());
    fail(&mut inner, "throttled").await;
    assert!(assert_ready!(refresh.poll()).is_err());
    let old = assert_ready!(joined.poll()).unwrap();
    assert_eq!(old, "lasting old [stale_if_error]");
    assert_eq!((handle.snapshot().stale, handle.snapshot().joins), (1, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_that_another_just_brought_is_not_fetched_again() {
    let store = Interfering::new(MemoryStore::new(10));
    let layer = ResponseCacheLayer::with_store(Words, store.clone());
    let (mut service, mut inner) = tower_test::mock::spawn_layer(layer.clone());
    assert!(service.poll_ready().is_ready());
    let mut call = task::spawn(service.call("a"));
    assert_pending!(call.poll());
    answer(&mut inner, "lasting old").await;
    assert_ready!(call.poll()).unwrap();
    advance(TTL).await;
    store.at_the_next_read(|store| {
        let new = Ok("new".to_owned());
        store.insert("a", Entry::new(new, Keep::new(TTL), Instant::now()));
    });
    let mut call = task::spawn(service.call("a"));
    let old = assert_ready!(call.poll()).unwrap();
    assert_eq!(old, "lasting old [stale]");
    others_run().await;
    assert_no_call(&mut inner);
    let snapshot = layer.handle().snapshot();
    assert_eq!((snapshot.revalidations, snapshot.flights), (0, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn who_drives_the_call_of_one_that_wanted_a_new_answer_gets_the_old_one() {
    let (mut service, mut inner, handle) = staler().await;
    let mut refresh = task::spawn(service.call("a refresh"));
    let mut joined = task::spawn(service.call("a"));
    assert_pending!(refresh.poll());
    assert_pending!(joined.poll());
    drop(refresh);
    assert_pending!(joined.poll());
    fail(&mut inner, "throttled").await;
    let old = assert_ready!(joined.poll()).unwrap();
    assert_eq!(old, "lasting old [stale_if_error]");
    assert_eq!((handle.snapshot().stale, handle.snapshot().joins), (1, 0));
}
