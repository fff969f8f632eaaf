//! What one process invalidates is gone for all.

use std::sync::atomic::Ordering;

use tower_response_cache::{Outdated, RemoteEntry, RemoteStore};

use crate::support::{Process, SECOND, Server, Source, store, until};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn invalidation_reaches_the_memory_of_others() {
    let (server, source) = (Server::start(), Source::default());
    let [one, two] = [(); 2].map(|()| Process::new(store(&server), &source));
    one.listens(&server).await;
    two.listens(&server).await;
    for scope in ["key", "tag", "all"] {
        let old = one.ask("red:a").await;
        let other = one.ask("blue:b").await;
        one.written(&server).await;
        assert_eq!(
            (two.ask("red:a").await, two.ask("blue:b").await),
            (old, other)
        );
        match scope {
            "key" => one.handle.invalidate(&"red:a".to_owned()).await,
            "tag" => one.handle.invalidate_tag("red").await,
            _ => one.handle.clear().await,
        }
        .unwrap();
        until(scope, || !two.memory.has("red:a")).await;
        assert_eq!(two.memory.has("blue:b"), scope != "all", "{scope}");
        let new = two.ask("red:a").await;
        assert!(new > old, "{scope}");
        two.written(&server).await;
        // Its own invalidation does not come back to it: what it has got since stays.
        assert_eq!(one.ask("red:a").await, new);
        assert_eq!(one.ask("blue:b").await == other, scope != "all", "{scope}");
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn answer_to_a_call_from_before_does_not_land() {
    let (server, source) = (Server::start(), Source::default());
    let [one, two] = [(); 2].map(|()| Process::new(store(&server), &source));
    one.listens(&server).await;
    two.listens(&server).await;
    for scope in ["key", "tag", "all"] {
        let service = one.service.clone();
        let calls = source.calls();
        let call = tokio::spawn(tower::ServiceExt::oneshot(service, "red:a slow".to_owned()));
        until("called", || source.calls() > calls).await;
        match scope {
            "key" => two.handle.invalidate(&"red:a".to_owned()).await,
            "tag" => two.handle.invalidate_tag("red").await,
            _ => two.handle.clear().await,
        }
        .unwrap();
        source.go_on.notify_one();
        let old = call.await.unwrap().unwrap();
        one.written(&server).await;
        let third = Process::new(store(&server), &source);
        assert!(third.ask("red:a").await > old, "{scope}");
        third.written(&server).await;
        two.handle.clear().await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn evicted_floor_of_a_tag_brings_nothing_back() {
    let (server, source) = (Server::start(), Source::default());
    let process = Process::new(store(&server).prefix("p"), &source);
    process.ask("first").await;
    let old = process.ask("red:a").await;
    process.written(&server).await;
    process.handle.invalidate_tag("red").await.unwrap();
    let _: u64 = server.ask(&["DEL", "p:tag:red"]);
    // Makes the tag anew.
    process.ask("red:b").await;
    process.written(&server).await;
    let other = Process::new(store(&server).prefix("p"), &source);
    assert!(other.ask("red:a").await > old);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn emptied_server_takes_nothing_from_before() {
    let (server, source) = (Server::start(), Source::default());
    let [one, two] = [(); 2].map(|()| Process::new(store(&server), &source));
    one.listens(&server).await;
    two.listens(&server).await;
    let calls = source.calls();
    let service = one.service.clone();
    let call = tokio::spawn(tower::ServiceExt::oneshot(service, "a slow".to_owned()));
    until("called", || source.calls() > calls).await;
    two.handle.invalidate(&"a".to_owned()).await.unwrap();
    let _: String = server.ask(&["FLUSHALL"]);
    source.go_on.notify_one();
    let old = call.await.unwrap().unwrap();
    one.written(&server).await;
    assert!(two.ask("a").await > old);
    assert_eq!(source.calls.load(Ordering::SeqCst), old + 1);
}

/// A process that has not heard of an invalidation writes all the same.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn late_write_is_refused_by_the_server() {
    let server = Server::start();
    let store = store(&server);
    let key = "a".to_owned();
    let entry = |version| {
        let mut entry = RemoteEntry::new(b"answer".to_vec(), SECOND);
        entry.version = version;
        entry.tags = ["red".into()].into();
        entry
    };
    // Beyond the time at which the server was first used.
    let now = u64::MAX / 2;
    assert!(store.get(&key).await.unwrap().is_none());
    assert!(
        !store.insert_newer(&key, entry(1)).await.unwrap(),
        "before it"
    );
    for (after, what) in [
        (10, Outdated::Key(&key)),
        (20, Outdated::Tag("red")),
        (30, Outdated::All),
    ] {
        store.forget(what, now + after).await.unwrap();
        let late = store.insert_newer(&key, entry(now + after - 1)).await;
        assert!(!late.unwrap(), "{what:?}");
        assert!(store.get(&key).await.unwrap().is_none(), "{what:?}");
        let new = store.insert_newer(&key, entry(now + after)).await;
        assert!(new.unwrap(), "{what:?}");
        assert!(store.get(&key).await.unwrap().is_some(), "{what:?}");
    }
}
