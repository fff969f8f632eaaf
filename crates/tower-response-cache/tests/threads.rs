//! Callers on several threads at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_response_cache::{ByKey, ResponseCacheLayer};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_race_for_a_key_make_one_call() {
    let calls = Arc::new(AtomicU64::new(0));
    let inner = service_fn({
        let calls = Arc::clone(&calls);
        move |req: u64| {
            calls.fetch_add(1, Ordering::Relaxed);
            async move {
                if req % 2 == 0 {
                    tokio::task::yield_now().await;
                }
                Ok::<_, BoxError>(req)
            }
        }
    });
    let policy = ByKey::new(Duration::from_secs(3600), |req: &u64| Some(*req));
    let layer = ResponseCacheLayer::new(policy, 1 << 20);
    let service = layer.layer(inner);
    for round in 0..2000 {
        let callers = (0..8).map(|_| tokio::spawn(service.clone().oneshot(round)));
        for answer in in_time(join_all(callers.collect::<Vec<_>>())).await {
            assert_eq!(answer.unwrap().unwrap(), round);
        }
    }
    let snapshot = layer.handle().snapshot();
    assert_eq!(
        (snapshot.misses, calls.load(Ordering::Relaxed)),
        (2000, 2000)
    );
    assert_eq!(
        (snapshot.hits + snapshot.joins, snapshot.flights),
        (14_000, 0)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_abandon_flights_wedge_no_key() {
    let inner = service_fn(|req: u64| async move {
        tokio::task::yield_now().await;
        Ok::<_, BoxError>(req)
    });
    // Nothing is stored, so that every caller is on a flight.
    let policy = ByKey::new(Duration::ZERO, |req: &u64| Some(*req % 3));
    let layer = ResponseCacheLayer::new(policy, 10);
    let service = layer.layer(inner);
    let callers = (0..20_000).map(|n| {
        let caller = tokio::spawn(service.clone().oneshot(n));
        if n % 3 == 0 {
            caller.abort();
        }
        caller
    });
    for (n, caller) in callers.collect::<Vec<_>>().into_iter().enumerate() {
        match in_time(caller).await {
            Ok(answer) => assert_eq!(answer.unwrap() % 3, n as u64 % 3),
            Err(error) => assert!(error.is_cancelled()),
        }
    }
    assert_eq!(layer.handle().snapshot().flights, 0);
}

/// The clock of several threads cannot be paused; a minute is far more than they need.
async fn in_time<F: Future>(future: F) -> F::Output {
    let minute = Duration::from_secs(60);
    tokio::time::timeout(minute, future).await.expect("hangs")
}
