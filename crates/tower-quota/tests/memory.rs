//! What a key takes of the heap. The labels of a metric would count.
#![cfg(not(feature = "metrics"))]

mod support;

use std::time::Duration;

use futures_util::FutureExt;
use tower::{BoxError, Layer, Service, service_fn};
use tower_quota::{Ask, Limit, LimitsOf, QuotaLayer};

const KILOBYTE: i64 = 1 << 10;

/// Makes a call of that key, and says by how much the heap grew.
async fn grown(service: &mut impl Service<u64>, key: u64) -> i64 {
    let mut went = false;
    let heap = allocation_counter::measure(|| {
        went = service
            .call(key)
            .now_or_never()
            .is_some_and(|answer| answer.is_ok());
    });
    assert!(went, "there is room");
    tokio::time::advance(Duration::from_millis(2)).await;
    heap.bytes_current
}

/// A service whose calls take 500 tokens.
fn service(limits: impl LimitsOf<u64> + Send + Sync + 'static) -> impl Service<u64> {
    let layer = QuotaLayer::new(limits, |key: &u64| Ask::new(*key).tokens(500));
    layer.layer(service_fn(|key: u64| async move { Ok::<_, BoxError>(key) }))
}

fn limits() -> [Limit; 2] {
    [
        Limit::tokens_per_minute(60_000_000),
        Limit::calls_per_minute(60_000),
    ]
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_idle_key_takes_two_kilobytes_at_most() {
    const KEYS: i64 = 1000;
    let mut two_limits = service(limits());
    let mut one_limit = service(Limit::calls_per_minute(60_000));
    let (mut two, mut one) = (0, 0);
    for key in 0..KEYS {
        two += grown(&mut two_limits, key as u64).await;
        one += grown(&mut one_limit, key as u64).await;
    }
    assert!(one / KEYS <= 2 * KILOBYTE, "{} bytes", one / KEYS);
    // What each limit adds.
    assert!((two - one) / KEYS <= KILOBYTE, "{}", (two - one) / KEYS);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_key_in_use_takes_twenty_kilobytes_at_most() {
    let mut service = service(limits());
    let mut heap = 0;
    for _ in 0..3 * 60 * 500 {
        heap += grown(&mut service, 0).await;
    }
    assert!(heap <= 20 * KILOBYTE, "{heap} bytes");
}
