//! A call that is not retried allocates nothing.

use std::{
    convert::Infallible,
    future::{Future, Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use allocation_counter::measure;
use tower::{Layer, Service};
use tower_backoff::{Backoff, BackoffLayer, Classify, Replay, Verdict};

#[derive(Clone)]
struct Echo;

impl Service<u32> for Echo {
    type Response = u32;
    type Error = Infallible;
    type Future = Ready<Result<u32, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        ready(Ok(request))
    }
}

/// Allocations of one call of a service that `layer` has made.
///
/// It is the service's second call: a first one makes the metric handles, if there are metrics.
fn allocations<C, R>(layer: &BackoffLayer<C, R>) -> u64
where
    C: Classify<u32, Infallible> + Clone,
    R: Replay<u32> + Clone,
{
    let mut service = layer.layer(Echo);
    let mut call = || {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(service.poll_ready(&mut cx).is_ready());
        assert!(pin!(service.call(7)).poll(&mut cx).is_ready());
        assert!(service.clone().poll_ready(&mut cx).is_ready());
    };
    call();
    measure(call).count_total
}

fn fine(_: &Result<u32, Infallible>) -> Verdict {
    Verdict::Done
}

#[test]
fn a_call_that_needs_no_retry_allocates_nothing() {
    assert_eq!(allocations(&BackoffLayer::new(fine)), 0);
    assert_eq!(
        allocations(&BackoffLayer::new(fine).deadline(Duration::from_secs(9))),
        0
    );
    assert_eq!(
        allocations(&BackoffLayer::new(fine).replay(|_: &u32| None)),
        0
    );
}

#[test]
fn all_retries_of_a_call_share_one_allocation() {
    let layer = BackoffLayer::new(|_: &Result<u32, Infallible>| Verdict::transient())
        .transient(Backoff::new(Duration::ZERO, Duration::ZERO))
        .max_attempts(5);
    assert_eq!(allocations(&layer), 1);
    assert_eq!(layer.handle().snapshot().attempts, 2 * 5);
}

#[test]
fn a_snapshot_allocates_nothing() {
    let handle = BackoffLayer::new(fine).handle();
    assert_eq!(
        measure(|| assert_eq!(handle.snapshot().attempts, 0)).count_total,
        0
    );
}
