//! Who does not wait: there is no time, no place or no quota.

use super::*;

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_would_wait_too_long_is_rejected_at_once_with_the_exact_wait() {
    let layer = one_an_hour().max_wait(3 * HOUR);
    let (mut service, _handle) = service(&layer);
    let mut calls = Vec::new();
    for _ in 0..4 {
        let mut call = task::spawn(service.call(tokens(0)));
        assert_pending!(call.poll());
        calls.push(call);
    }
    let start = Instant::now();
    let error = rejected(soon(service.call(tokens(0))).await);
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(*error.cause(), Cause::MaxWait);
    assert_eq!(error.retry_after(), Some(4 * HOUR));
    assert_eq!(
        error.to_string(),
        "quota is used up for longer than a call may wait; retry after 14400s"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_deadline_is_a_bound_of_its_own() {
    let layer = one_an_hour();
    let (mut service, _handle) = service(&layer);
    let mut call = |deadline| {
        task::spawn(service.call(Request {
            deadline: Some(deadline),
            ..Request::default()
        }))
    };
    let now = Instant::now();
    let mut first = call(now);
    assert_pending!(first.poll());
    let mut second = call(now + HOUR);
    assert_pending!(second.poll());
    let error = rejected(Err(assert_ready_err!(call(now + HOUR).poll())));
    assert_eq!(*error.cause(), Cause::Deadline);
    assert_eq!(error.retry_after(), Some(2 * HOUR));
    tokio::time::advance(HOUR).await;
    assert!(second.is_woken());
    assert_pending!(second.poll());
    // Over already, though there is room.
    tokio::time::advance(60 * HOUR).await;
    let error = rejected(Err(assert_ready_err!(call(now).poll())));
    assert_eq!(error.retry_after(), Some(Duration::ZERO));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_full_queue_rejects() {
    let layer = one_an_hour().max_queue(2);
    let (mut service, _handle) = service(&layer);
    let mut calls: Vec<_> = (0..3)
        .map(|_| task::spawn(service.call(tokens(0))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    let error = rejected(soon(service.call(tokens(0))).await);
    assert_eq!(*error.cause(), Cause::QueueFull);
    assert_eq!(error.retry_after(), Some(3 * HOUR));
    drop(calls.pop());
    assert_pending!(task::spawn(service.call(tokens(0))).poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_larger_than_the_limit_is_told_so() {
    let layer = layer(Limit::tokens_per_minute(1000));
    let (mut service, _handle) = service(&layer);
    let error = rejected(soon(service.call(tokens(1001))).await);
    assert_eq!(error.retry_after(), None);
    assert_eq!(
        error.to_string(),
        "call is larger than the limit: 1001 of 1000 tokens per 60s"
    );
    assert_pending!(task::spawn(service.call(tokens(1000))).poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_quota_of_nothing_rejects_for_good() {
    let (service, _handle) = service(&layer(Limit::calls_per_minute(0)));
    let error = rejected(soon(service.oneshot(tokens(0))).await);
    assert_eq!(error.retry_after(), None);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_exact_wait_counts_whole_periods() {
    let limit = Limit::calls(2, HOUR).margin(Duration::ZERO);
    let layer = layer(limit).max_wait(HOUR);
    let (mut service, _handle) = service(&layer);
    let mut calls: Vec<_> = (0..4)
        .map(|_| task::spawn(service.call(tokens(0))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    let error = rejected(soon(service.call(tokens(0))).await);
    assert_eq!(error.retry_after(), Some(2 * HOUR));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_that_was_overtaken_is_told_when_its_time_is_up() {
    let layer = one_an_hour();
    let (mut service, _handle) = service(&layer);
    let mut call = |priority, deadline| {
        let mut call = task::spawn(service.call(Request {
            priority,
            deadline,
            ..Request::default()
        }));
        assert_pending!(call.poll());
        call
    };
    let deadline = Instant::now() + HOUR * 3 / 2;
    let _first = call(Priority::High, None);
    let mut low = call(Priority::Low, Some(deadline));
    let high = [(); 3].map(|()| call(Priority::High, None));
    tokio::time::advance(HOUR).await;
    assert!(high[0].is_woken() && !low.is_woken());
    tokio::time::advance(HOUR / 2).await;
    assert!(low.is_woken() && !high[1].is_woken());
    let error = rejected(Err(assert_ready_err!(low.poll())));
    assert_eq!(*error.cause(), Cause::Deadline);
}
