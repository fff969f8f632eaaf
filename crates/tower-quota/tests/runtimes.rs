//! Callers in several runtimes, of which some stand still, end, or never had a timer.

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use support::{HOUR, SECOND, one_an_hour, service, soon, tokens};
use tokio::runtime::{Builder, Runtime};
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower::Service;

fn runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().start_paused(true);
    builder.build().expect("a runtime")
}

/// By the clock that all see: turns are not at the very time that a timer is set for already.
fn other_runtime() -> Runtime {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().build().expect("a runtime")
}

fn runtime_without_time() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

/// Whoever waits in one runtime goes when a thread within another one, `there`, ends a call.
fn goes_when_a_call_ends_in(there: Runtime, shut_down: bool) {
    let layer = one_an_hour();
    let here = runtime();
    let (mut service, mut handle) = service(&layer);
    let mut calls = [(); 3].map(|()| task::spawn(service.call(tokens(0))));
    here.block_on(async {
        for call in &mut calls {
            assert_pending!(call.poll());
        }
        let (_, reply) = handle.next_request().await.expect("the first call");
        reply.send_response("refund");
    });
    let within = there.handle().clone();
    let there = (!shut_down).then_some(there);
    let [mut first, mut second, third] = calls;
    {
        let _within = within.enter();
        assert_ready_ok!(first.poll());
    }
    assert!(second.is_woken());
    here.block_on(async {
        assert_pending!(second.poll());
        drop(handle.next_request().await);
        let third = async { drop((third.await, ())) };
        soon(async { tokio::join!(third, async { drop(handle.next_request().await) }) }).await;
    });
    drop(there);
    let usage = layer.handle().snapshot(&"").expect("it was used");
    assert_eq!((usage.queued, usage.pending_calls), (0, 1));
}

#[test]
fn waiters_go_when_a_call_ends_in_a_runtime_that_has_shut_down() {
    goes_when_a_call_ends_in(other_runtime(), true);
}

#[test]
fn waiters_go_when_a_call_ends_in_a_runtime_without_time() {
    goes_when_a_call_ends_in(runtime_without_time(), false);
}

#[test]
fn waiters_go_though_the_runtime_of_those_ahead_stands_still() {
    let layer = one_an_hour();
    let (one, two) = (runtime(), runtime());
    let (mut service, mut handle) = service(&layer);
    let mut ahead = [(); 3].map(|()| task::spawn(service.call(tokens(0))));
    let behind = [(); 3].map(|()| task::spawn(service.call(tokens(0))));
    one.block_on(async {
        for call in &mut ahead {
            assert_pending!(call.poll());
        }
    });
    // From here on nothing goes on in there.
    two.block_on(async {
        let start = tokio::time::Instant::now();
        let behind = behind.map(tokio::spawn);
        for _ in 0..4 {
            let (_, reply) = soon(handle.next_request()).await.expect("a call");
            reply.send_response("fine");
        }
        for call in behind {
            soon(call).await.expect("no panic").expect("no rejection");
        }
        // The last is the sixth of all, at one an hour. A second is lost until it is noticed, and
        // the clocks of the two do not tell the very same time.
        let late = start.elapsed().abs_diff(5 * HOUR);
        assert!(late < 2 * SECOND, "{late:?}");
    });
}

#[test]
fn one_that_cannot_wait_where_it_is_gives_its_place_back() {
    let layer = one_an_hour();
    let here = runtime();
    let (mut service, mut handle) = service(&layer);
    let mut first = task::spawn(service.call(tokens(0)));
    let mut last = task::spawn(service.call(tokens(0)));
    here.block_on(async { assert_pending!(first.poll()) });
    for nowhere in [None, Some(runtime_without_time())] {
        let _nowhere = nowhere.as_ref().map(Runtime::enter);
        let mut lost = task::spawn(service.call(tokens(0)));
        catch_unwind(AssertUnwindSafe(|| lost.poll())).expect_err("it cannot wait");
        drop(lost);
    }
    assert_eq!(layer.handle().snapshot(&"").expect("it is used").queued, 0);
    here.block_on(async {
        assert_pending!(last.poll());
        handle.next_request().await.expect("the first call");
        let last = async { drop(last.await) };
        soon(async { tokio::join!(last, async { drop(handle.next_request().await) }) }).await;
    });
}

#[test]
fn a_runtime_that_ends_leaves_its_waiters_to_another() {
    let layer = one_an_hour();
    let (one, two) = (runtime(), runtime());
    let (mut service, mut handle) = service(&layer);
    let mut first = task::spawn(service.call(tokens(0)));
    let ends = service.call(tokens(0));
    let stays = service.call(tokens(0));
    one.block_on(async {
        assert_pending!(first.poll());
        drop(tokio::spawn(ends));
        tokio::task::yield_now().await;
    });
    two.block_on(async {
        let stays = tokio::spawn(stays);
        tokio::task::yield_now().await;
        std::thread::scope(|scope| scope.spawn(|| drop(one)).join()).expect("no panic");
        let (_, reply) = soon(async {
            handle.next_request().await.expect("the first call");
            handle.next_request().await.expect("the last call")
        })
        .await;
        reply.send_response("fine");
        soon(stays).await.expect("no panic").expect("no rejection");
    });
}
