//! The bound of the layer, and another store behind it.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;
use tower::{Layer, Service, service_fn};
use tower_response_cache::{
    ByKey, CacheStatus, Entry, Keep, Lookup, Policy, ResponseCacheLayer, Store, StoreSnapshot,
};

/// Weighs a response by its length.
struct ByLength;

impl<E> Policy<usize, String, E> for ByLength {
    type Key = usize;
    type Value = String;
    type Context = ();

    fn lookup(&self, req: &usize) -> Lookup<usize> {
        Lookup::Use(*req)
    }

    fn context(&self, _: &usize) {}

    fn keep(&self, (): &(), res: &String) -> Option<Keep> {
        Some(Keep::new(Duration::from_secs(1)).weight(res.len() as u64))
    }

    fn share(&self, res: &String) -> Option<String> {
        Some(res.clone())
    }

    fn restore(&self, value: String, _: CacheStatus) -> Option<Result<String, E>> {
        Some(Ok(value))
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn too_large_responses_are_refused_and_counted() {
    let layer = ResponseCacheLayer::new(ByLength, 100);
    let mut service = layer.layer(service_fn(|length: usize| async move {
        Ok::<_, Infallible>("x".repeat(length))
    }));
    for length in [97, 98, 1000] {
        assert_eq!(service.call(length).await.unwrap().len(), length);
    }
    let snapshot = layer.handle().snapshot();
    assert_eq!((snapshot.stored, snapshot.refused), (1, 2));
    assert_eq!((snapshot.store.entries, snapshot.store.weight), (1, 97));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn weights_never_exceed_the_bound() {
    let layer = ResponseCacheLayer::new(ByLength, 1000);
    let mut service = layer.layer(service_fn(|length: usize| async move {
        Ok::<_, Infallible>("x".repeat(length))
    }));
    for length in 1..300 {
        service.call(length).await.unwrap();
        assert!(layer.handle().snapshot().store.weight <= 1000);
    }
    assert!(layer.handle().snapshot().store.evicted > 200);
}

#[derive(Clone, Default)]
struct Plain(Arc<Mutex<HashMap<usize, Entry<String>>>>);

impl Store<usize, String> for Plain {
    fn get(&self, key: &usize, now: Instant) -> Option<Entry<String>> {
        let entry = self.0.lock().expect("no panic").get(key).cloned();
        entry.filter(|entry| !entry.is_expired(now))
    }

    fn insert(&self, key: usize, entry: Entry<String>) -> bool {
        self.0.lock().expect("no panic").insert(key, entry);
        true
    }

    fn remove(&self, key: &usize) {
        self.0.lock().expect("no panic").remove(key);
    }

    fn remove_tag(&self, tag: &str) {
        let mut entries = self.0.lock().expect("no panic");
        entries.retain(|_, entry| !entry.has_tag(tag));
    }

    fn clear(&self) {
        self.0.lock().expect("no panic").clear();
    }

    fn snapshot(&self) -> StoreSnapshot {
        StoreSnapshot::default()
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn another_store_takes_the_place_of_the_default() {
    let store = Plain::default();
    let policy = ByKey::new(Duration::from_secs(1), |req: &usize| Some(*req));
    let layer = ResponseCacheLayer::with_store(policy, store.clone());
    let mut service = layer.layer(service_fn(|length: usize| async move {
        Ok::<_, Infallible>("x".repeat(length))
    }));
    service.call(3).await.unwrap();
    service.call(3).await.unwrap();
    assert_eq!(layer.handle().snapshot().hits, 1);
    assert_eq!(store.0.lock().unwrap().len(), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    service.call(3).await.unwrap();
    assert_eq!(layer.handle().snapshot().misses, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn lifetime_of_zero_stores_nothing() {
    let policy = ByKey::new(Duration::ZERO, |req: &usize| Some(*req));
    let layer = ResponseCacheLayer::new(policy, 100);
    let mut service = layer.layer(service_fn(|n: usize| async move { Ok::<_, Infallible>(n) }));
    service.call(3).await.unwrap();
    service.call(3).await.unwrap();
    let snapshot = layer.handle().snapshot();
    assert_eq!(
        (snapshot.misses, snapshot.stored, snapshot.refused),
        (2, 0, 0)
    );
}
