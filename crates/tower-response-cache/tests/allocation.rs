//! A hit allocates nothing but the value's clone.

use std::{convert::Infallible, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tower::{Layer, Service, service_fn};
use tower_response_cache::{ByKey, ResponseCacheLayer};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn hit_allocates_nothing_but_the_clone() {
    let policy = ByKey::new(Duration::from_secs(60), |req: &u64| Some(*req));
    let mut shared = ResponseCacheLayer::new(policy, 10).layer(service_fn(|req: u64| async move {
        Ok::<_, Infallible>(Arc::<str>::from(req.to_string()))
    }));
    let policy = ByKey::new(Duration::from_secs(60), |req: &u64| Some(*req));
    let mut owned = ResponseCacheLayer::new(policy, 10).layer(service_fn(|req: u64| async move {
        Ok::<_, Infallible>(req.to_string())
    }));
    // A miss and a first hit, with which a counter of telemetry would be registered.
    for _ in 0..2 {
        shared.call(1).await.unwrap();
        owned.call(1).await.unwrap();
    }
    let count = allocation_counter::measure(|| {
        for _ in 0..100 {
            shared.call(1).now_or_never().unwrap().unwrap();
        }
    });
    assert_eq!(count.count_total, 0);
    let count = allocation_counter::measure(|| {
        for _ in 0..100 {
            owned.call(1).now_or_never().unwrap().unwrap();
        }
    });
    assert_eq!(count.count_total, 100);
    assert_eq!(shared.handle().snapshot().hits, 101);
}
