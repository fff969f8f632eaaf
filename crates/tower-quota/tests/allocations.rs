//! An admission without waiting allocates nothing.

use std::future::{Ready, ready};
use std::hint::black_box;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tower::{BoxError, Layer, Service};
use tower_quota::{Ask, Limit, QuotaLayer};

#[derive(Clone)]
struct Echo;

impl Service<u32> for Echo {
    type Response = u32;
    type Error = BoxError;
    type Future = Ready<Result<u32, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        ready(Ok(request))
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn admission_without_waiting_allocates_nothing() {
    let limits = [
        Limit::tokens_per_minute(1 << 40).burst(1 << 40),
        Limit::calls_per_minute(1 << 40).burst(1 << 40),
        Limit::tokens_per_day(1 << 40),
    ];
    let layer = QuotaLayer::new(limits, |request: &u32| {
        Ask::new(*request % 2).tokens(100).tenant("somebody")
    });
    let mut service = layer.layer(Echo);
    let mut call = |n| {
        let answer = service.call(n).now_or_never().expect("there is room");
        assert_eq!(black_box(answer.ok()), Some(n));
    };
    // The first call of a key makes its account, and the first few hundred what that remembers.
    (0..1000).for_each(&mut call);
    let count = allocation_counter::measure(|| (0..1000).for_each(&mut call)).count_total;
    assert_eq!(count, 0);
}
