//! A refresh, an invalidation, and the calls that are under way meanwhile.

mod support;

use support::{Inner, Key, Value, Words, assert_no_call, cached, interfering::Interfering, soon};
use tokio_test::{assert_pending, assert_ready, task};
use tower_response_cache::{Handle, MemoryStore, ResponseCacheLayer};

type Reply = tower_test::mock::SendResponse<String>;

async fn reply(inner: &mut Inner) -> Reply {
    soon(inner.next_request()).await.expect("a call").1
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn refresh_replaces_the_answer_which_serves_until_then() {
    let (mut service, mut inner, handle) = cached();
    let mut first = task::spawn(service.call("a"));
    assert_pending!(first.poll());
    reply(&mut inner).await.send_response("old".to_owned());
    assert_ready!(first.poll()).unwrap();
    let mut refresh = task::spawn(service.call("a refresh"));
    assert_pending!(refresh.poll());
    let mut hit = task::spawn(service.call("a"));
    assert_eq!(assert_ready!(hit.poll()).unwrap(), "old [hit]");
    reply(&mut inner).await.send_response("new".to_owned());
    assert_eq!(assert_ready!(refresh.poll()).unwrap(), "new [refreshed]");
    let mut hit = task::spawn(service.call("a"));
    assert_eq!(assert_ready!(hit.poll()).unwrap(), "new [hit]");
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.misses, snapshot.refreshes, snapshot.stored),
        (1, 1, 2)
    );
    assert_eq!((snapshot.store.entries, snapshot.store.evicted), (1, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn refresh_joins_nothing_and_is_joined() {
    let (mut service, mut inner, handle) = cached();
    let mut early = task::spawn(service.call("a"));
    assert_pending!(early.poll());
    let early_reply = reply(&mut inner).await;
    let mut refresh = task::spawn(service.call("a refresh"));
    assert_pending!(refresh.poll());
    let refresh_reply = reply(&mut inner).await;
    let mut late = task::spawn(service.call("a"));
    assert_pending!(late.poll());
    assert_no_call(&mut inner);
    assert_eq!(handle.snapshot().flights, 2);

    refresh_reply.send_response("new".to_owned());
    assert_eq!(assert_ready!(refresh.poll()).unwrap(), "new [refreshed]");
    assert_eq!(assert_ready!(late.poll()).unwrap(), "new [joined]");
    early_reply.send_response("old".to_owned());
    assert_eq!(assert_ready!(early.poll()).unwrap(), "old [miss]");
    // The answer of the earlier call does not replace that of the later one.
    let mut hit = task::spawn(service.call("a"));
    assert_eq!(assert_ready!(hit.poll()).unwrap(), "new [hit]");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn earlier_call_that_ends_first_is_stored_until_the_refresh_ends() {
    let (mut service, mut inner, _) = cached();
    let mut early = task::spawn(service.call("a"));
    let mut refresh = task::spawn(service.call("a refresh"));
    assert_pending!(early.poll());
    assert_pending!(refresh.poll());
    reply(&mut inner).await.send_response("old".to_owned());
    assert_ready!(early.poll()).unwrap();
    let mut hit = task::spawn(service.call("a"));
    assert_eq!(assert_ready!(hit.poll()).unwrap(), "old [hit]");
    reply(&mut inner).await.send_response("new".to_owned());
    assert_ready!(refresh.poll()).unwrap();
    let mut hit = task::spawn(service.call("a"));
    assert_eq!(assert_ready!(hit.poll()).unwrap(), "new [hit]");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_refresh_makes_its_own_call() {
    let (mut service, mut inner, handle) = cached();
    let mut calls = [(); 3].map(|()| task::spawn(service.call("a refresh")));
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    for call in &mut calls {
        reply(&mut inner).await.send_response("new".to_owned());
        assert_eq!(assert_ready!(call.poll()).unwrap(), "new [refreshed]");
    }
    assert_eq!(handle.snapshot().stored, 3);
}

async fn forgets(forget: impl Fn(&Handle<Key, Value>)) {
    let (mut service, mut inner, handle) = cached();
    let mut before = task::spawn(service.call("a"));
    let mut joined = task::spawn(service.call("a"));
    assert_pending!(before.poll());
    assert_pending!(joined.poll());
    let before_reply = reply(&mut inner).await;
    forget(&handle);
    let mut after = task::spawn(service.call("a"));
    assert_pending!(after.poll());
    let after_reply = reply(&mut inner).await;

    before_reply.send_response("old".to_owned());
    assert_eq!(
        assert_ready!(before.poll()).expect("an answer"),
        "old [miss]"
    );
    assert_eq!(
        assert_ready!(joined.poll()).expect("an answer"),
        "old [joined]"
    );
    assert_eq!(handle.snapshot().stored, 0);
    after_reply.send_response("new".to_owned());
    assert_eq!(
        assert_ready!(after.poll()).expect("an answer"),
        "new [miss]"
    );
    let mut hit = task::spawn(service.call("a"));
    assert_eq!(assert_ready!(hit.poll()).expect("an answer"), "new [hit]");

    forget(&handle);
    assert_eq!(handle.snapshot().store.entries, 0);
    assert_pending!(task::spawn(service.call("a")).poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn invalidation_reaches_the_calls_under_way() {
    forgets(|handle| drop(handle.invalidate(&"a"))).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn clearing_reaches_the_calls_under_way() {
    forgets(|handle| drop(handle.clear())).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn invalidation_in_the_midst_of_storing_wins() {
    let store = Interfering::new(MemoryStore::new(10));
    let layer = ResponseCacheLayer::with_store(Words, store.clone());
    let handle = layer.handle();
    store.at_the_next_insert(move |_| drop(handle.invalidate(&"a")));
    let (mut service, mut inner) = tower_test::mock::spawn_layer(layer.clone());
    assert!(service.poll_ready().is_ready());
    for entries in [0, 1] {
        let mut call = task::spawn(service.call("a"));
        assert_pending!(call.poll());
        reply(&mut inner).await.send_response("answer".to_owned());
        assert_eq!(assert_ready!(call.poll()).unwrap(), "answer [miss]");
        assert_eq!(layer.handle().snapshot().store.entries, entries);
    }
}
