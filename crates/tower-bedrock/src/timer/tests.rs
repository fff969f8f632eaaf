use super::Timer;
use std::{future::poll_fn, pin::pin, time::Duration};
use tokio::{
    runtime::{Builder, Runtime},
    time::Instant,
};

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

#[test]
fn a_timer_outlives_the_runtime_that_it_was_begun_on() {
    let mut timer = pin!(Timer::default());
    let first = runtime();
    first.block_on(poll_fn(|cx| {
        let until = Instant::now() + Duration::from_secs(1);
        assert!(timer.as_mut().poll_until(until, cx).is_pending());
        std::task::Poll::Ready(())
    }));
    drop(first);
    runtime().block_on(async {
        let begun = Instant::now();
        let until = begun + Duration::from_secs(5);
        poll_fn(|cx| timer.as_mut().poll_until(until, cx)).await;
        assert_eq!(begun.elapsed(), Duration::from_secs(5));
    });
}
