//! A quota that is closed admits nobody any more, and lets what is under way end.

mod support;

use std::time::Duration;

use proptest::prelude::*;
use support::{HOUR, Request, SECOND, layer, one_an_hour, service, soon, tokens};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::{BoxError, Layer, Service as _, ServiceExt, service_fn};
use tower_quota::{Ask, Cause, Limit, Priority, QuotaLayer, Rejected};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn who_waits_is_rejected_at_once_with_the_wait_it_would_have_had() {
    let layer = one_an_hour();
    let (mut service, mut handle) = service(&layer);
    let mut calls: Vec<_> = (0..4)
        .map(|_| task::spawn(service.call(tokens(0))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    tokio::time::advance(HOUR / 2).await;
    layer.handle().close();
    assert!(layer.handle().is_closed());
    for (number, call) in calls.iter_mut().enumerate().skip(1) {
        assert!(call.is_woken(), "{number}");
        let error = assert_ready_err!(call.poll());
        let rejected = rejected(&error);
        assert_eq!(*rejected.cause(), Cause::Closed);
        let wait = HOUR * u32::try_from(number).unwrap() - HOUR / 2;
        assert_eq!(rejected.retry_after(), Some(wait), "{number}");
        assert!(error.to_string().contains("closed"), "{error}");
    }
    // The one under way goes on and settles.
    let (_, reply) = handle.next_request().await.expect("it was admitted");
    reply.send_response("refund");
    assert_ready_ok!(calls[0].poll());
    let usage = layer.handle().snapshot(&"").expect("it is known");
    assert_eq!((usage.pending_calls, usage.queued), (0, 0));
    assert_eq!(usage.limits[0].used, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn who_comes_later_is_rejected_at_once_whatever_its_key() {
    let layer = QuotaLayer::new(
        Limit::calls(1, HOUR).margin(Duration::ZERO),
        |request: &Request| Ask::new(request.name),
    )
    .max_keys(2);
    let service = layer.layer(service_fn(|_: Request| async { Ok::<_, BoxError>("fine") }));
    let call = |name| {
        let request = Request {
            name,
            ..Request::default()
        };
        service.clone().oneshot(request)
    };
    call(0).await.expect("it fits");
    let handle = layer.handle();
    handle.close();
    handle.close();
    // A key that is in use, a new one, and one that there is no room for.
    for (name, wait) in [
        (0, HOUR),
        (1, Duration::ZERO),
        (2, Duration::ZERO),
        (3, Duration::ZERO),
    ] {
        let error = soon(call(name)).await.expect_err("it is closed");
        let rejected = rejected(&error);
        assert_eq!(*rejected.cause(), Cause::Closed);
        assert_eq!(rejected.retry_after(), Some(wait), "{name}");
    }
    // Nor do other limits open it again.
    handle.set_all_limits(Limit::calls(1000, SECOND));
    let error = soon(call(0)).await.expect_err("it is closed");
    assert_eq!(*rejected(&error).cause(), Cause::Closed);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_never_fits_is_told_that() {
    let layer = layer(Limit::tokens(10, HOUR));
    let (service, _handle) = service(&layer);
    layer.handle().close();
    let error = service.oneshot(tokens(11)).await.expect_err("too large");
    let cause = rejected(&error).cause().clone();
    assert!(matches!(cause, Cause::TooLarge { .. }), "{cause:?}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_that_the_outer_key_has_admitted_gives_that_back() {
    let limits = |key: &&str| {
        let calls = if *key == "all" { 100 } else { 1 };
        tower_quota::Limits::from(Limit::calls(calls, HOUR).margin(Duration::ZERO))
    };
    let layer = QuotaLayer::new(limits, |_: &Request| Ask::new("one").within("all"));
    let (mut service, mut handle) = {
        let (mock, handle) = tower_test::mock::pair::<Request, &'static str>();
        (layer.layer(mock), handle)
    };
    let mut first = task::spawn(service.call(tokens(0)));
    let mut second = task::spawn(service.call(tokens(0)));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    layer.handle().close();
    let error = assert_ready_err!(second.poll());
    assert_eq!(*rejected(&error).cause(), Cause::Closed);
    let all = layer.handle().snapshot(&"all").expect("it is known");
    assert_eq!((all.pending_calls, all.limits[0].used), (1, 1));
    let (_, reply) = handle.next_request().await.expect("it was admitted");
    reply.send_response("fine");
    assert_ready_ok!(first.poll());
}

#[derive(Clone, Copy, Debug)]
enum Op {
    Come(Priority, u64),
    Leave(usize),
    Wait(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let priority = prop_oneof![Just(Priority::High), Just(Priority::Low)];
    let op = prop_oneof![
        6 => (priority, 0..10_u64).prop_map(|(priority, tokens)| Op::Come(priority, tokens)),
        2 => any::<usize>().prop_map(Op::Leave),
        2 => (0..1500_u64).prop_map(Op::Wait),
    ];
    proptest::collection::vec(op, 1..80)
}

/// Calls come and are dropped before and after the quota is closed.
async fn run(ops: Vec<Op>, close_after: usize) {
    let limits = [
        Limit::calls_per_minute(60).burst(1),
        Limit::tokens_per_minute(600).burst(20),
    ];
    let layer = layer(limits);
    let handle = layer.handle();
    let service = layer.layer(service_fn(|_: Request| async {
        tokio::time::sleep(SECOND).await;
        Ok::<_, BoxError>("fine")
    }));
    let mut calls = Vec::new();
    let mut came_later = Vec::new();
    for (step, op) in ops.into_iter().enumerate() {
        if step == close_after {
            handle.close();
        }
        match op {
            Op::Come(priority, tokens) => {
                let request = Request {
                    tokens,
                    priority,
                    ..Request::default()
                };
                let call = tokio::spawn(service.clone().oneshot(request));
                if handle.is_closed() {
                    came_later.push(call);
                } else {
                    calls.push(call);
                }
            }
            Op::Leave(n) if !calls.is_empty() => {
                calls.swap_remove(n % calls.len()).abort();
            }
            Op::Leave(_) => {}
            Op::Wait(time) => tokio::time::advance(Duration::from_millis(time)).await,
        }
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }
    handle.close();
    // Whatever was admitted ends within its second, and nobody else goes.
    let ends = tokio::time::Instant::now() + 2 * SECOND;
    for call in calls {
        if let Err(error) = soon(call).await.expect("no panic") {
            assert_eq!(*rejected(&error).cause(), Cause::Closed);
            assert!(rejected(&error).retry_after().is_some());
        }
    }
    for call in came_later {
        let error = soon(call)
            .await
            .expect("no panic")
            .expect_err("it is closed");
        assert_eq!(*rejected(&error).cause(), Cause::Closed);
    }
    assert!(tokio::time::Instant::now() <= ends);
    if let Some(usage) = handle.snapshot(&"") {
        assert_eq!((usage.queued, usage.pending_calls), (0, 0));
    }
}

proptest! {
    #[test]
    fn whenever_it_is_closed_each_call_ends_and_nothing_is_kept(
        ops in ops(),
        close_after in 0..80_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("it is built");
        runtime.block_on(run(ops, close_after));
    }
}

/// Whoever sees that `close` has returned is rejected, also by a key that another thread was making.
#[test]
fn no_call_goes_after_close_has_returned() {
    use std::sync::atomic::{AtomicBool, Ordering};
    for _ in 0..200 {
        let layer = QuotaLayer::new(Limit::calls(1000, HOUR), |request: &Request| {
            Ask::new(request.name)
        });
        let (handle, closed) = (layer.handle(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut service =
                        layer.layer(service_fn(|_: Request| async { Ok::<_, BoxError>("fine") }));
                    for name in 0..50 {
                        let was_closed = closed.load(Ordering::SeqCst);
                        let request = Request {
                            name,
                            ..Request::default()
                        };
                        let result = assert_ready(&mut task::spawn(service.call(request)));
                        assert!(!(was_closed && result.is_ok()), "{name} went");
                    }
                });
            }
            scope.spawn(|| {
                std::thread::yield_now();
                handle.close();
                closed.store(true, Ordering::SeqCst);
            });
        });
    }
}

fn assert_ready<F: Future>(call: &mut task::Spawn<F>) -> F::Output {
    match call.poll() {
        std::task::Poll::Ready(result) => result,
        std::task::Poll::Pending => panic!("it has to wait"),
    }
}

fn rejected(error: &BoxError) -> &Rejected {
    error.downcast_ref().expect("the rejection is `Rejected`")
}
