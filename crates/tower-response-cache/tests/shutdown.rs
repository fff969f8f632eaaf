//! A runtime may shut down with calls on it that others wait for on another one.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::time::sleep;
use tokio_test::{assert_pending, task};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_response_cache::{ByKey, ResponseCacheLayer};

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    let builder = builder.enable_time().start_paused(true);
    builder.build().expect("it needs nothing")
}

#[test]
fn caller_that_takes_over_from_a_runtime_that_shut_down_makes_a_new_call() {
    let policy = ByKey::new(Duration::from_secs(60), |req: &u64| Some(*req));
    let layer = ResponseCacheLayer::new(policy, 100);
    let service = layer.layer(service_fn(|req: u64| async move {
        sleep(Duration::from_secs(1)).await;
        Ok::<_, BoxError>(req)
    }));
    let shut_down = runtime();
    let leader = shut_down.spawn(service.clone().oneshot(7));
    shut_down.block_on(tokio::task::yield_now());
    assert_eq!(layer.handle().snapshot().flights, 1);

    let other = runtime();
    let mut second = task::spawn(service.clone().oneshot(7));
    let mut third = task::spawn(service.oneshot(7));
    other.block_on(async {
        assert_pending!(second.poll());
        assert_pending!(third.poll());
    });
    drop(shut_down);
    drop(leader);
    let answers = other.block_on(async { tokio::join!(second, third) });
    assert_eq!((answers.0.unwrap(), answers.1.unwrap()), (7, 7));
    let snapshot = layer.handle().snapshot();
    assert_eq!(
        (snapshot.misses, snapshot.joins, snapshot.flights),
        (2, 1, 0)
    );
}
