//! A caller may go away at any time, and nothing is lost.

mod support;

use support::{HOUR, Request, layer, one_an_hour, service, tokens, tokens_an_hour};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::{BoxError, Layer, Service as _, ServiceExt, service_fn};
use tower_quota::{Ask, Limit, QuotaLayer, Snapshot};

fn usage(layer: &support::Layered) -> Snapshot {
    layer.handle().snapshot(&"").expect("it was used")
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_was_never_polled_reserves_nothing() {
    let layer = one_an_hour();
    let (mut service, _handle) = service(&layer);
    drop(service.call(tokens(5)));
    let usage = usage(&layer);
    assert_eq!((usage.pending_calls, usage.limits[0].used), (0, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_waiter_that_goes_lets_the_next_move_up() {
    let layer = one_an_hour();
    let (mut service, _handle) = service(&layer);
    let mut calls: Vec<_> = (0..4)
        .map(|_| task::spawn(service.call(tokens(0))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    drop(calls.remove(1));
    assert_eq!(usage(&layer).queued, 2);
    tokio::time::advance(HOUR).await;
    assert!(calls[1].is_woken());
    assert!(!calls[2].is_woken());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_large_waiter_that_goes_makes_room_at_once() {
    let layer = layer(tokens_an_hour(60));
    let (mut service, _handle) = service(&layer);
    let mut calls: Vec<_> = [30, 60, 20, 10]
        .map(|n| task::spawn(service.call(tokens(n))))
        .into();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    drop(calls.remove(1));
    assert!(calls[1].is_woken());
    assert!(calls[2].is_woken());
    assert_eq!(usage(&layer).pending_tokens, 60);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_admission_that_came_too_late_goes_on_to_the_next() {
    let layer = one_an_hour();
    let (mut service, _handle) = service(&layer);
    let mut calls: Vec<_> = (0..3)
        .map(|_| task::spawn(service.call(tokens(0))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    tokio::time::advance(HOUR).await;
    assert!(calls[1].is_woken());
    drop(calls.remove(1));
    assert!(calls[1].is_woken());
    assert_eq!(usage(&layer).pending_calls, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_dropped_before_the_service_was_ready_is_refunded() {
    let layer = one_an_hour();
    let (inner, mut handle) = tower_test::mock::pair::<Request, &'static str>();
    handle.allow(0);
    let mut service = layer.layer(inner);
    let mut call = task::spawn(service.call(tokens(7)));
    assert_pending!(call.poll());
    assert_eq!(usage(&layer).pending_tokens, 7);
    drop(call);
    let usage = usage(&layer);
    assert_eq!((usage.pending_calls, usage.pending_tokens), (0, 0));
    assert_eq!((usage.limits[0].used, usage.total_used), (0, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_dropped_half_way_counts_as_what_it_reserved() {
    let layer = layer(Limit::tokens_per_minute(60));
    let (mut service, mut handle) = service(&layer);
    let mut call = task::spawn(service.call(tokens(7)));
    assert_pending!(call.poll());
    handle.next_request().await.expect("the call comes");
    drop(call);
    let usage = usage(&layer);
    assert_eq!((usage.pending_calls, usage.limits[0].used), (0, 7));
    assert_eq!(usage.total_used, 7);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_panic_of_the_service_counts_as_what_it_reserved() {
    let layer = QuotaLayer::new(Limit::tokens_per_minute(60), |(): &()| {
        Ask::new(0).tokens(7)
    });
    let mut service = layer.layer(service_fn(|()| async {
        assert_eq!(1, 2, "the service breaks");
        Ok::<_, BoxError>(())
    }));
    let call = tokio::spawn(service.call(())).await;
    assert!(call.unwrap_err().is_panic());
    let usage = layer.handle().snapshot(&0).expect("it was used");
    assert_eq!((usage.pending_calls, usage.limits[0].used), (0, 7));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_readiness_error_passes_and_is_refunded() {
    let layer = one_an_hour();
    let (service, mut handle) = service(&layer);
    handle.send_error("broken");
    let mut call = task::spawn(service.clone().call(tokens(7)));
    let error = assert_ready_err!(call.poll());
    assert_eq!(error.to_string(), "broken");
    // At once, not when the future is dropped.
    assert_eq!(usage(&layer).limits[0].used, 0);
    drop(call);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stream_settles_when_it_is_read_and_counts_in_full_when_it_is_dropped() {
    use support::Words;
    use tower_quota::{Cost, Reservation, Settle};

    #[derive(Debug)]
    struct Stream(Option<Reservation>);

    #[derive(Clone)]
    struct Streams;

    impl Cost<Request, Stream, BoxError> for Streams {
        type Key = &'static str;
        type Context = u64;

        fn ask(&self, req: &Request) -> (Ask<&'static str>, u64) {
            Cost::<Request, &'static str, BoxError>::ask(&Words, req)
        }

        fn settle(&self, _: &u64, _: &mut Result<Stream, BoxError>) -> Settle {
            Settle::Later
        }

        fn later(&self, _: u64, res: &mut Result<Stream, BoxError>, reservation: Reservation) {
            if let Ok(stream) = res {
                stream.0 = Some(reservation);
            }
        }
    }

    let layer = QuotaLayer::new(Limit::tokens_per_minute(600).burst(600), Streams);
    let service = layer.layer(service_fn(|_| async { Ok::<_, BoxError>(Stream(None)) }));
    let handle = layer.handle();
    let call = || async { service.clone().oneshot(tokens(100)).await.unwrap() };
    let used = || handle.snapshot(&"").expect("it was used").limits[0].used;
    let read = call().await;
    assert_eq!(used(), 100);
    read.0.expect("the reservation came").settle(30);
    assert_eq!(used(), 30);
    let refunded = call().await;
    refunded.0.expect("the reservation came").refund();
    assert_eq!(used(), 30);
    let dropped = call().await;
    drop(dropped);
    assert_eq!(used(), 130);
    let debt = call().await;
    debt.0.expect("the reservation came").settle(900);
    let usage = handle.snapshot(&"").expect("it was used");
    assert_eq!((usage.limits[0].used, usage.limits[0].headroom), (1030, 0));
    assert!(usage.utilisation() > 1.7);
    assert_eq!(usage.pending_calls, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_readied_clone_that_is_dropped_loses_nothing() {
    let layer = one_an_hour();
    let (service, mut handle) = service(&layer);
    for _ in 0..10 {
        let mut clone = service.clone();
        clone.ready().await.unwrap();
    }
    let mut call = task::spawn(service.clone().oneshot(tokens(0)));
    assert_pending!(call.poll());
    handle.next_request().await.unwrap().1.send_response("fine");
    assert_ready_ok!(call.poll());
}
