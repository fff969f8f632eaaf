//! An answer whose end comes later: shared from its beginning on, stored at its end.

mod support;

use std::{sync::Arc, time::Duration};

use support::streams::{Request, Stream, Streams, TTL, Value};
use support::{assert_no_call, elsewhere::Elsewhere, others_run, soon};
use tokio::time::advance;
use tokio_test::{assert_pending, assert_ready, task};
use tower::{Layer, Service};
use tower_response_cache::{CacheStatus, Handle, MemoryStore, ResponseCache, ResponseCacheLayer};
use tower_test::mock::{self, Mock, Spawn};

type Cached = ResponseCache<Mock<Request, Stream>, Streams, Request, Value>;

type Inner = mock::Handle<Request, Stream>;

fn cached() -> (Spawn<Cached>, Inner, Handle<Request, Value>) {
    let layer = ResponseCacheLayer::new(Streams::default(), 1000);
    let handle = layer.handle();
    let (mut service, inner) = mock::spawn_layer(layer);
    assert!(service.poll_ready().is_ready());
    (service, inner, handle)
}

async fn answer(inner: &mut Inner, text: &'static str) {
    let (_, reply) = soon(inner.next_request()).await.expect("a call");
    reply.send_response(Stream {
        text,
        ..Stream::default()
    });
}

/// Asks, lets the service answer, and returns what the caller got.
async fn call(
    service: &mut Spawn<Cached>,
    inner: &mut Inner,
    req: Request,
    text: Request,
) -> Stream {
    let mut caller = task::spawn(service.call(req));
    assert_pending!(caller.poll());
    answer(inner, text).await;
    assert_ready!(caller.poll()).expect("an answer")
}

/// Asks for what is there already.
fn ask(service: &mut Spawn<Cached>, req: Request) -> Stream {
    assert_ready!(task::spawn(service.call(req)).poll()).expect("an answer")
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_goes_to_all_who_ask_before_its_end_and_is_a_hit_after_it() {
    let (mut service, mut inner, handle) = cached();
    let mut waiter = task::spawn(service.call("a"));
    let mut leader = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(waiter.poll());
    answer(&mut inner, "text").await;
    let mut first = assert_ready!(leader.poll()).unwrap();
    assert!(first.is("text", CacheStatus::Miss));
    let waited = assert_ready!(waiter.poll()).unwrap();
    assert!(waited.is("text", CacheStatus::Joined));
    assert!(ask(&mut service, "a").is("text", CacheStatus::Joined));
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.flights, snapshot.stored), (1, 0));
    advance(2 * TTL).await;
    assert!(ask(&mut service, "a").is("text", CacheStatus::Joined));
    first.complete();
    // The lifetime begins at the end.
    advance(TTL - Duration::from_millis(1)).await;
    assert!(ask(&mut service, "a").is("text", CacheStatus::Hit));
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.misses, snapshot.joins, snapshot.hits), (1, 3, 1));
    assert_eq!((snapshot.flights, snapshot.stored), (0, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_that_is_given_up_is_not_kept() {
    let (mut service, mut inner, handle) = cached();
    let first = call(&mut service, &mut inner, "a", "text").await;
    let joined = ask(&mut service, "a");
    drop(first);
    assert!(joined.is("text", CacheStatus::Joined));
    assert_eq!(handle.snapshot().flights, 0);
    let next = call(&mut service, &mut inner, "a", "new").await;
    assert!(next.is("new", CacheStatus::Miss));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_may_be_complete_at_once() {
    let (mut service, mut inner, handle) = cached();
    let mut leader = task::spawn(service.call("a"));
    let mut waiter = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(waiter.poll());
    answer(&mut inner, "complete").await;
    assert_ready!(leader.poll()).unwrap();
    let waited = assert_ready!(waiter.poll()).unwrap();
    assert!(waited.is("complete", CacheStatus::Joined));
    assert!(ask(&mut service, "a").is("complete", CacheStatus::Hit));
    assert_eq!(handle.snapshot().flights, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn invalidated_answer_is_neither_joined_nor_stored_at_its_end() {
    for how in 0..3 {
        let (mut service, mut inner, handle) = cached();
        let mut first = call(&mut service, &mut inner, "a", "text").await;
        drop(match how {
            0 => handle.invalidate(&"a"),
            1 => handle.invalidate_tag("text"),
            _ => handle.clear(),
        });
        let mut second = call(&mut service, &mut inner, "a", "new").await;
        assert!(second.is("new", CacheStatus::Miss), "{how}");
        first.complete();
        assert_eq!(handle.snapshot().stored, 0, "{how}");
        assert!(ask(&mut service, "a").is("new", CacheStatus::Joined));
        second.complete();
        assert!(ask(&mut service, "a").is("new", CacheStatus::Hit), "{how}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn end_of_an_earlier_call_does_not_replace_the_answer_of_a_later_one() {
    let (mut service, mut inner, _) = cached();
    let mut old = call(&mut service, &mut inner, "a", "old").await;
    let mut new = call(&mut service, &mut inner, "a refresh", "new").await;
    assert!(new.is("new", CacheStatus::Refreshed));
    assert!(ask(&mut service, "a").is("new", CacheStatus::Joined));
    new.complete();
    old.complete();
    assert!(ask(&mut service, "a").is("new", CacheStatus::Hit));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn callers_who_cannot_join_any_more_share_a_new_call() {
    let (mut service, mut inner, handle) = cached();
    let first = call(&mut service, &mut inner, "a", "late").await;
    let mut second = task::spawn(service.call("a"));
    let mut third = task::spawn(service.call("a"));
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    answer(&mut inner, "new").await;
    assert_no_call(&mut inner);
    let second = assert_ready!(second.poll()).unwrap();
    assert!(second.is("new", CacheStatus::Miss));
    let third = assert_ready!(third.poll()).unwrap();
    assert!(third.is("new", CacheStatus::Joined));
    drop((first, second));
    assert_eq!(handle.snapshot().flights, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn waiter_who_can_make_nothing_of_the_answer_makes_its_own_call() {
    for text in ["late", "private"] {
        let (mut service, mut inner, handle) = cached();
        let mut leader = task::spawn(service.call("a"));
        let mut waiter = task::spawn(service.call("a"));
        assert_pending!(leader.poll());
        assert_pending!(waiter.poll());
        answer(&mut inner, text).await;
        drop(assert_ready!(leader.poll()).unwrap());
        assert_pending!(waiter.poll());
        answer(&mut inner, "own").await;
        let own = assert_ready!(waiter.poll()).unwrap();
        assert!(own.is("own", CacheStatus::Miss));
        assert_eq!(handle.snapshot().flights, 0);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn caller_that_took_the_call_over_gets_the_ticket() {
    let (mut service, mut inner, _) = cached();
    let mut leader = task::spawn(service.call("a"));
    let mut second = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(second.poll());
    drop(leader);
    assert_pending!(second.poll());
    answer(&mut inner, "text").await;
    let mut second = assert_ready!(second.poll()).unwrap();
    assert!(second.is("text", CacheStatus::Joined));
    second.complete();
    assert!(ask(&mut service, "a").is("text", CacheStatus::Hit));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn caller_that_takes_only_stored_answers_does_not_join() {
    let (mut service, mut inner, _) = cached();
    let mut first = call(&mut service, &mut inner, "a", "text").await;
    let absent = assert_ready!(task::spawn(service.call("a only-if-cached")).poll());
    assert_eq!(absent.unwrap_err().to_string(), "absent");
    first.complete();
    assert!(ask(&mut service, "a only-if-cached").is("text", CacheStatus::Hit));
}

/// What came of a call that no caller took.
async fn in_the_background(
    finish: bool,
    begin: impl AsyncFnOnce(&mut Spawn<Cached>, &mut Inner),
) -> (Spawn<Cached>, Inner, Handle<Request, Value>, Stream) {
    let unclaimed = Arc::default();
    let policy = Streams {
        unclaimed: Arc::clone(&unclaimed),
    };
    let layer = ResponseCacheLayer::new(policy, 1000).finish_abandoned(finish);
    let handle = layer.handle();
    let (mut service, mut inner) = mock::spawn_layer(layer);
    assert!(service.poll_ready().is_ready());
    begin(&mut service, &mut inner).await;
    others_run().await;
    answer(&mut inner, "new").await;
    others_run().await;
    let stream = unclaimed.lock().expect("no panic").pop();
    (service, inner, handle, stream.expect("nobody else took it"))
}

async fn go_stale(service: &mut Spawn<Cached>, inner: &mut Inner) {
    drop(call(service, inner, "a", "short").await);
    advance(TTL).await;
    assert!(ask(service, "a").is("short", CacheStatus::Stale));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_for_a_stale_one_is_finished_by_the_policy() {
    let (mut service, mut inner, handle, mut new) = in_the_background(false, go_stale).await;
    // The stored answer is given until the new one is stored, and no second call is made for it.
    assert!(ask(&mut service, "a").is("short", CacheStatus::Stale));
    others_run().await;
    assert_no_call(&mut inner);
    new.complete();
    assert!(ask(&mut service, "a").is("new", CacheStatus::Hit));
    assert_eq!(handle.snapshot().revalidations, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_for_a_stale_one_that_is_given_up_leaves_it() {
    let (mut service, _inner, handle, new) = in_the_background(false, go_stale).await;
    drop(new);
    assert_eq!(handle.snapshot().flights, 0);
    assert!(ask(&mut service, "a").is("short", CacheStatus::Stale));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_of_an_abandoned_call_is_finished_by_the_policy() {
    let abandon = async |service: &mut Spawn<Cached>, _: &mut Inner| {
        assert_pending!(task::spawn(service.call("a")).poll());
    };
    let (mut service, _inner, _, mut new) = in_the_background(true, abandon).await;
    assert!(ask(&mut service, "a").is("new", CacheStatus::Joined));
    new.complete();
    assert!(ask(&mut service, "a").is("new", CacheStatus::Hit));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn policy_that_panics_with_the_ticket_ends_the_flight() {
    let (mut service, mut inner, handle) = cached();
    let mut leader = task::spawn(service.call("a"));
    let mut waiter = task::spawn(service.call("a"));
    assert_pending!(leader.poll());
    assert_pending!(waiter.poll());
    answer(&mut inner, "panic").await;
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| leader.poll()));
    assert!(panicked.is_err());
    let waited = assert_ready!(waiter.poll()).unwrap();
    assert!(waited.is("panic", CacheStatus::Joined));
    drop(leader);
    assert_eq!(handle.snapshot().flights, 0);
    let next = call(&mut service, &mut inner, "a", "new").await;
    assert!(next.is("new", CacheStatus::Miss));
}

#[test]
fn ticket_outlives_runtime_service_and_layer() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_time().build().expect("it needs nothing")
    };
    let layer = ResponseCacheLayer::new(Streams::default(), 1000);
    let handle = layer.handle();
    let mut first = runtime().block_on(async {
        let (mock, mut inner) = mock::pair();
        let mut service = layer.layer(mock);
        let mut caller = task::spawn(service.call("a"));
        assert_pending!(caller.poll());
        answer(&mut inner, "text").await;
        assert_ready!(caller.poll()).unwrap()
    });
    drop(layer);
    std::thread::spawn(move || first.complete()).join().unwrap();
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.flights, snapshot.stored), (0, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn remote_store_gets_the_answer_at_its_end_unless_it_was_invalidated() {
    for invalidated in [false, true] {
        let remote = Elsewhere::new(Duration::from_millis(1));
        let near = MemoryStore::new(1000);
        let layer = ResponseCacheLayer::with_remote(Streams::default(), near, remote.clone());
        let handle = layer.handle();
        let (mut service, mut inner) = mock::spawn_layer(layer);
        assert!(service.poll_ready().is_ready());
        let caller = tokio::spawn(service.call("a"));
        answer(&mut inner, "text").await;
        let mut first = caller.await.unwrap().unwrap();
        if invalidated {
            handle.invalidate(&"a").await.unwrap();
        }
        tokio::time::sleep(TTL).await;
        assert_eq!(remote.len(), 0);
        first.complete();
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(remote.len(), usize::from(!invalidated));
        assert_eq!(handle.snapshot().flights, 0);
    }
}
