//! A value may come back to its cache when it is cloned or dropped.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};
use tower_response_cache::{
    CacheStatus, Entry, Handle, Keep, KeepTicket, Lookup, MemoryStore, Policy, ResponseCacheLayer,
    Store,
};

type Cache = Arc<OnceLock<Handle<u64, Value>>>;

#[derive(Debug)]
struct Value {
    key: u64,
    cache: Cache,
}

impl Value {
    fn come_back(&self) {
        if let Some(handle) = self.cache.get() {
            assert!(handle.snapshot().store.entries < 1000);
            drop(handle.invalidate(&(self.key + 1)));
        }
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        self.come_back();
        Self {
            key: self.key,
            cache: Arc::clone(&self.cache),
        }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.come_back();
    }
}

/// Odd keys answer with what ends later.
struct Rules(Cache);

impl Policy<u64, (u64, Option<KeepTicket<Value>>), Infallible> for Rules {
    type Key = u64;
    type Value = Value;
    type Context = ();

    fn lookup(&self, req: &u64) -> Lookup<u64> {
        Lookup::Use(*req)
    }

    fn context(&self, _: &u64) {}

    fn keep(&self, (): &(), res: &(u64, Option<KeepTicket<Value>>)) -> Option<Keep> {
        let keep = Keep::new(Duration::from_secs(60)).with_tags(["tag"]);
        Some(if res.0 % 2 == 0 { keep } else { Keep::later() })
    }

    fn later(
        &self,
        (): &(),
        res: &mut (u64, Option<KeepTicket<Value>>),
        ticket: KeepTicket<Value>,
    ) {
        res.1 = Some(ticket);
    }

    fn share(&self, res: &(u64, Option<KeepTicket<Value>>)) -> Option<Value> {
        Some(Value {
            key: res.0,
            cache: Arc::clone(&self.0),
        })
    }

    fn restore(
        &self,
        value: Value,
        _: CacheStatus,
    ) -> Option<Result<(u64, Option<KeepTicket<Value>>), Infallible>> {
        Some(Ok((value.key, None)))
    }
}

async fn work() {
    let cache = Cache::default();
    let layer = ResponseCacheLayer::new(Rules(Arc::clone(&cache)), 10);
    let handle = layer.handle();
    let service = layer.layer(service_fn(|req: u64| async move {
        tokio::task::yield_now().await;
        Ok((req, None))
    }));
    cache.set(handle.clone()).expect("the first time");
    for round in 0..20 {
        let calls = (0..60).map(|n| service.clone().oneshot(n / 3 + round % 5));
        for (at, answer) in join_all(calls).await.into_iter().enumerate() {
            let (key, ticket) = answer.expect("it cannot fail");
            let value = Value {
                key,
                cache: Arc::clone(&cache),
            };
            if let (Some(ticket), true) = (ticket, at % 4 != 0) {
                ticket.store(value, Keep::new(Duration::from_secs(60)).with_tags(["tag"]));
            }
        }
        match round % 3 {
            0 => drop(handle.invalidate_tag("tag")),
            1 => drop(handle.clear()),
            _ => {}
        }
    }
}

/// Without a clock that can be paused: it is on another thread, and a minute is far more than it needs.
fn in_time(work: impl FnOnce() + Send + 'static) {
    let (done, ends) = mpsc::channel();
    thread::spawn(move || {
        work();
        done.send(()).expect("it is waited for");
    });
    ends.recv_timeout(Duration::from_secs(60))
        .expect("hangs, or panicked");
}

#[test]
fn value_that_comes_back_to_its_cache_does_not_hang() {
    in_time(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.expect("it needs nothing").block_on(work());
    });
}

#[test]
fn expired_and_evicted_entries_are_dropped_without_a_lock() {
    in_time(|| {
        struct Back(Arc<OnceLock<MemoryStore<u64, Arc<Back>>>>);
        impl Drop for Back {
            fn drop(&mut self) {
                if let Some(store) = self.0.get() {
                    store.remove(&0);
                }
            }
        }
        let shared = Arc::new(OnceLock::new());
        assert!(shared.set(MemoryStore::new(100)).is_ok());
        let near = shared.get().expect("set above");
        let then = Instant::now();
        for key in 1..1000 {
            // Most are expired at once; the others are too many to stay.
            let ttl = Duration::from_secs(if key % 3 == 0 { 60 } else { 0 });
            let value = Arc::new(Back(Arc::clone(&shared)));
            near.insert(key, Entry::new(value, Keep::new(ttl), then));
        }
        near.insert(
            0,
            Entry::new(
                Arc::new(Back(Arc::default())),
                Keep::new(Duration::ZERO),
                then,
            ),
        );
        assert!(near.get(&0, Instant::now()).is_none());
    });
}
