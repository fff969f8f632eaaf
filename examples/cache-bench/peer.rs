use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use futures_util::FutureExt;
use tower::{Layer, Service, ServiceExt};
use tower_resilience::cache::{Cache, CacheLayer};

/// The cache of tower-resilience, which evicts what was asked for longest ago unless told otherwise.
pub(crate) struct Peer {
    cache: Cache<Origin, u64, u64, u64>,
    misses: Arc<AtomicU64>,
}

impl Peer {
    pub(crate) fn new(capacity: u64, ttl: Duration) -> Self {
        let layer = CacheLayer::builder()
            .max_size(capacity as usize)
            .ttl(ttl)
            .key_extractor(|key: &u64| *key)
            .build()
            .expect("it has a key");
        let misses = Arc::default();
        let cache = layer.layer(Origin(Arc::clone(&misses)));
        Self { cache, misses }
    }

    /// Whether it is a hit. A miss is stored.
    pub(crate) fn ask(&mut self, key: u64) -> bool {
        let before = self.misses.load(Ordering::Relaxed);
        let answer = async { self.cache.ready().await?.call(key).await };
        let answer = answer.now_or_never().expect("nobody waits");
        assert!(answer.is_ok(), "nothing fails");
        self.misses.load(Ordering::Relaxed) == before
    }
}

/// Counts the calls that it gets.
#[derive(Clone)]
struct Origin(Arc<AtomicU64>);

impl Service<u64> for Origin {
    type Response = u64;
    type Error = Infallible;
    type Future = Ready<Result<u64, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, key: u64) -> Self::Future {
        self.0.fetch_add(1, Ordering::Relaxed);
        ready(Ok(key))
    }
}
