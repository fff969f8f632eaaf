//! Who waits, for how long, and in which order.

mod bounds;
mod order;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use futures_util::future::join_all;
use support::{
    HOUR, Request, SECOND, layer, one_an_hour, rejected, service, soon, tokens, tokens_an_hour,
};
use tokio::time::Instant;
use tokio_test::{assert_pending, assert_ready_err, task};
use tower::{BoxError, Layer};
use tower::{Service as _, ServiceExt, service_fn};
use tower_quota::{Ask, Cause, Limit, Priority, QuotaLayer};

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn calls_are_paced_in_the_order_they_came() {
    let layer = one_an_hour();
    let (service, mut handle) = service(&layer);
    let start = Instant::now();
    let calls = join_all((0..10).map(|name| {
        service.clone().oneshot(Request {
            name,
            ..Request::default()
        })
    }));
    let serve = async {
        for name in 0..10 {
            let (request, reply) = handle.next_request().await.expect("the call comes");
            assert_eq!(request.name, name);
            assert_eq!(start.elapsed().as_secs(), name * 3600);
            reply.send_response("fine");
        }
    };
    let (results, ()) = soon(async { tokio::join!(calls, serve) }).await;
    assert!(results.iter().all(Result::is_ok));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn each_waiter_is_woken_once_to_go() {
    let layer = one_an_hour();
    let (mut service, _handle) = service(&layer);
    let mut calls: Vec<_> = (0..20)
        .map(|_| task::spawn(service.call(tokens(0))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    for hour in 1..20 {
        tokio::time::advance(HOUR).await;
        tokio::task::yield_now().await;
        for (number, call) in calls.iter_mut().enumerate().skip(1) {
            assert_eq!(call.is_woken(), number == hour, "{number} at {hour}");
            if call.is_woken() {
                assert_pending!(call.poll());
            }
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_settled_call_lets_the_next_go_at_once() {
    let layer = layer(tokens_an_hour(60));
    let (mut service, mut handle) = service(&layer);
    let mut first = task::spawn(service.call(tokens(60)));
    let mut second = task::spawn(service.call(tokens(50)));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    let (_, reply) = handle.next_request().await.expect("the call comes");
    reply.send_response("used 10");
    assert!(!second.is_woken());
    assert!(first.poll().is_ready());
    assert!(second.is_woken());
    assert_pending!(second.poll());
    assert_eq!(handle.next_request().await.unwrap().0.tokens, 50);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn calls_at_once_do_not_slip_through_before_the_first_has_its_answer() {
    let layer = layer(tokens_an_hour(60));
    let (mut service, mut handle) = service(&layer);
    let mut calls: Vec<_> = (0..10)
        .map(|_| task::spawn(service.call(tokens(20))))
        .collect();
    for call in &mut calls {
        assert_pending!(call.poll());
    }
    for _ in 0..3 {
        let (_, reply) = handle
            .next_request()
            .await
            .expect("there is room for three");
        reply.send_response("fine");
    }
    assert_pending!(task::spawn(handle.next_request()).poll());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_one_limit_has_no_room_for_is_charged_to_none() {
    let limits = [
        Limit::calls_per_minute(60).burst(60),
        Limit::tokens_per_minute(100).burst(100),
        Limit::tokens_per_day(150),
    ];
    let layer = layer(limits).max_wait(Duration::ZERO);
    let (service, _handle) = service(&layer);
    let call = |n| soon(service.clone().oneshot(tokens(n)));
    let used = || layer.handle().snapshot(&"").expect("it was used").limits;
    let used = || used().iter().map(|limit| limit.used).collect::<Vec<_>>();
    let mut first = task::spawn(service.clone().oneshot(tokens(80)));
    assert_pending!(first.poll());
    assert_eq!(used(), [1, 80, 80]);
    // For the minute, for the day, and for good.
    for tokens in [30, 90, 120, 151] {
        rejected(call(tokens).await);
        assert_eq!(used(), [1, 80, 80]);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn tokens_for_the_day_make_calls_wait_for_the_day() {
    let limits = [Limit::tokens_per_minute(100), Limit::tokens_per_day(150)];
    let layer = layer(limits).max_wait(SECOND * 600);
    let (service, _handle) = service(&layer);
    let call = || task::spawn(service.clone().oneshot(tokens(100)));
    let mut first = call();
    assert_pending!(first.poll());
    let error = rejected(Err(assert_ready_err!(call().poll())));
    // The rate of the day brings back the fifty that are missing only after eight hours, but no
    // period of a day may hold more than its amount.
    let day = HOUR * 24;
    assert!(error.retry_after() >= Some(day), "{error}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_waiter_holds_nothing_of_the_service_below() {
    let layer = one_an_hour();
    let (inner, mut handle) = tower_test::mock::pair::<Request, &'static str>();
    handle.allow(0);
    let mut service = layer.layer(inner);
    let mut first = task::spawn(service.call(tokens(0)));
    let mut second = task::spawn(service.call(tokens(0)));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    handle.allow(1);
    assert!(first.is_woken());
    assert!(!second.is_woken());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_closure_can_be_the_cost_and_another_the_limits() {
    let limits = |key: &u32| Limit::calls_per_minute(u64::from(*key)).into();
    let layer = QuotaLayer::new(limits, |request: &u32| Ask::new(*request).tokens(3));
    let service = layer.layer(service_fn(|n: u32| async move { Ok::<_, BoxError>(n) }));
    assert_eq!(service.clone().oneshot(7).await.unwrap(), 7);
    service.oneshot(0).await.unwrap_err();
    let usage = layer.handle().snapshot(&7).expect("it was used");
    assert_eq!((usage.limits[0].used, usage.limits[0].headroom), (1, 6));
    assert_eq!(usage.total_used, 3);
    let mut keys = layer.handle().keys();
    keys.sort_unstable();
    assert_eq!(keys, [0, 7]);
}

#[test]
fn a_waiter_outlives_the_runtime_that_another_one_waited_in() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime")
    };
    let layer = one_an_hour();
    let (one, two) = (runtime(), runtime());
    let (mut service, mut handle) = service(&layer);
    let mut first = task::spawn(service.call(tokens(0)));
    let mut second = task::spawn(service.call(tokens(0)));
    one.block_on(async {
        assert_pending!(first.poll());
        assert_pending!(second.poll());
    });
    drop(one);
    assert!(second.is_woken());
    two.block_on(async {
        assert_pending!(second.poll());
        soon(handle.next_request()).await.expect("the first call");
        soon(async { tokio::join!(second, async { drop(handle.next_request().await) }).0 })
            .await
            .unwrap_err();
    });
}

#[test]
fn a_waiter_goes_though_the_runtime_that_another_one_waited_in_stands_still() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime")
    };
    let layer = one_an_hour();
    let (one, two) = (runtime(), runtime());
    let (mut service, mut handle) = service(&layer);
    let mut calls: Vec<_> = (0..2)
        .map(|_| task::spawn(service.call(tokens(0))))
        .collect();
    let mut last = task::spawn(service.call(tokens(0)));
    one.block_on(async {
        for call in &mut calls {
            assert_pending!(call.poll());
        }
    });
    two.block_on(async {
        assert_pending!(last.poll());
        let last = tokio::spawn(last);
        // The one ahead goes away where nothing goes on from here.
        std::thread::scope(|scope| scope.spawn(|| one.block_on(async { drop(calls) })).join())
            .expect("no panic");
        let (_, reply) = soon(async {
            handle.next_request().await.expect("the first call");
            handle.next_request().await.expect("the last call")
        })
        .await;
        reply.send_response("fine");
        soon(last).await.expect("no panic").expect("no rejection");
    });
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_refund_brings_the_next_one_forward_and_a_debt_puts_it_off() {
    // The answer comes after half an hour. A debt counts from then on.
    for (answer, minutes) in [("used 10", 30), ("used 60", 60), ("used 80", 90)] {
        let layer = layer(tokens_an_hour(60));
        let (mut service, mut handle) = service(&layer);
        let mut first = task::spawn(service.call(tokens(60)));
        let mut second = task::spawn(service.call(tokens(50)));
        assert_pending!(first.poll());
        assert_pending!(second.poll());
        let (_, reply) = handle.next_request().await.expect("the call comes");
        tokio::time::advance(HOUR / 2 - SECOND).await;
        assert!(!second.is_woken(), "{answer}");
        tokio::time::advance(SECOND).await;
        reply.send_response(answer);
        assert!(first.poll().is_ready());
        if minutes > 30 {
            tokio::time::advance(HOUR / 60 * (minutes - 30) - SECOND).await;
            assert!(!second.is_woken(), "{answer}");
            tokio::time::advance(SECOND).await;
        }
        assert!(second.is_woken(), "{answer}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_was_saved_for_a_call_that_left_is_not_there_for_others_at_once() {
    // When thirty calls are sent, the first of which come 40 seconds after a large one was lined
    // up, and is gone by then.
    async fn times(large: bool, max_wait: Option<Duration>) -> Vec<Duration> {
        let mut layer = layer(Limit::tokens_per_minute(60_000));
        if let Some(wait) = max_wait {
            layer = layer.max_wait(wait);
        }
        let (mut service, mut handle) = service(&layer);
        let start = Instant::now();
        let mut first = task::spawn(service.call(tokens(40_000)));
        assert_pending!(first.poll());
        let (_, reply) = handle.next_request().await.expect("the call comes");
        reply.send_response("fine");
        assert!(first.poll().is_ready());
        if large {
            let mut large = task::spawn(service.call(tokens(30_000)));
            assert_eq!(large.poll().is_ready(), max_wait.is_some());
        }
        tokio::time::advance(40 * SECOND).await;
        let calls = join_all((0..30).map(|_| service.clone().oneshot(tokens(1000))));
        let serve = async {
            let mut times = Vec::new();
            for _ in 0..30 {
                let (_, reply) = handle.next_request().await.expect("the call comes");
                times.push(start.elapsed());
                tokio::time::sleep(SECOND / 10).await;
                reply.send_response("fine");
            }
            times
        };
        soon(async { tokio::join!(calls, serve).1 }).await
    }
    let without = times(false, None).await;
    assert!(without[2] > 40 * SECOND, "all at once");
    assert_eq!(times(true, None).await, without, "cancelled");
    let short = Some(30 * SECOND);
    assert_eq!(
        times(true, short).await,
        times(false, short).await,
        "rejected"
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn calls_that_reserve_nothing_wait_for_the_debts_of_those_before() {
    let layer = layer(Limit::tokens_per_minute(60_000));
    let service = layer.layer(service_fn(|_: Request| async {
        tokio::time::sleep(SECOND / 10).await;
        Ok::<_, BoxError>("used 1000")
    }));
    let start = Instant::now();
    for _ in 0..200 {
        soon(service.clone().oneshot(tokens(0))).await.unwrap();
    }
    // A call a second, but for what a bucket holds, a minute's worth at most.
    let elapsed = start.elapsed().as_secs();
    assert!((120..200).contains(&elapsed), "{elapsed} s");
}
