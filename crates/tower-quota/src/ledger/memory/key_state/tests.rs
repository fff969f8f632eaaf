//! Models of all that is shared: `RUSTFLAGS="--cfg loom" cargo test --release --lib`
//!
//! A caller that nobody wakes is a deadlock, which loom finds.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Context;

use loom::future::block_on;
use loom::sync::Arc as Shared;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

use super::*;
use crate::ledger::memory::MemoryTicket;
use crate::ledger::memory::runtime::{Id, enter, epoch, set_now};
use crate::limit::Limit;
use crate::usage::Snapshot;

/// A limit of an hour is a window that nothing is tried on.
const PERIOD: Duration = Duration::from_secs(60 * 60);

/// Tries all interleavings with so few preemptions that it takes a moment; every blocking switch
/// comes on top.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound.get_or_insert(2);
    model.check(run);
}

/// Room for one call an hour.
fn key_state() -> Arc<KeyState> {
    set_now(epoch());
    let limits = Limits::from(Limit::calls(1, PERIOD).margin(Duration::ZERO));
    Arc::new(KeyState::new("".into(), &limits, Arc::default(), epoch()))
}

/// What `Admit` does, without the keys.
async fn admit(key_state: &Arc<KeyState>) -> Result<MemoryTicket, Rejected> {
    struct Waiting<'a>(&'a Arc<KeyState>, Option<Place>);
    impl Drop for Waiting<'_> {
        fn drop(&mut self) {
            if let Some(place) = self.1 {
                self.0.leave(place);
            }
        }
    }
    let ticket = |charge| MemoryTicket {
        key: Arc::clone(key_state),
        charge,
    };
    match key_state.enter(key_state.call(&Ask::new(()))) {
        ControlFlow::Break(admitted) => admitted.map(ticket),
        ControlFlow::Continue(place) => {
            let mut waiting = Waiting(key_state, Some(place));
            let admitted = poll_fn(|cx| key_state.poll(place, cx)).await;
            waiting.1 = None;
            admitted.map(ticket)
        }
    }
}

fn now_or_wait(key_state: &Arc<KeyState>) -> MemoryTicket {
    block_on(admit(key_state)).expect("nothing bounds its wait")
}

/// One that asks, looks once, and goes away.
fn look_and_leave(key_state: &Arc<KeyState>) {
    let mut cx = Context::from_waker(Waker::noop());
    if let Poll::Ready(ticket) = pin!(admit(key_state)).poll(&mut cx) {
        ticket.expect("nothing bounds its wait").refund();
    }
}

fn call(
    key_state: &Arc<KeyState>,
    runtime: Id,
    then: impl FnOnce(MemoryTicket) + 'static,
) -> thread::JoinHandle<()> {
    let key_state = Arc::clone(key_state);
    thread::spawn(move || {
        enter(runtime);
        then(now_or_wait(&key_state));
    })
}

/// The runtimes that go on ring their alarms when they are due, until all is done.
fn drive(key_state: &Arc<KeyState>, done: &AtomicUsize, callers: usize, runtimes: &[Id]) {
    while done.load(Ordering::Acquire) < callers {
        let rings = lock(&key_state.state).alarms.ring(runtimes);
        match rings {
            Some((due, by)) => {
                set_now(due.max(now()));
                enter(by.id);
                Waker::from(Arc::clone(key_state)).wake();
            }
            None => thread::yield_now(),
        }
    }
}

/// Nobody waits and nothing is pending; all that is used is `used`.
fn check(key_state: &KeyState, used: u64) {
    let usage = key_state.look(|scheduler, now| Snapshot::of(scheduler, now));
    assert_eq!((usage.queued, usage.pending_calls), (0, 0));
    assert_eq!(usage.limits[0].used, used);
}

#[test]
fn one_that_comes_as_another_is_refunded_goes() {
    model(|| {
        let key_state = key_state();
        let first = now_or_wait(&key_state);
        let second = call(&key_state, 1, |ticket| ticket.keep());
        first.refund();
        second.join().expect("it goes");
        check(&key_state, 1);
    });
}

#[test]
fn what_one_that_leaves_was_let_go_with_lets_the_next_go() {
    model(|| {
        let key_state = key_state();
        let first = now_or_wait(&key_state);
        let leaver = {
            let key_state = Arc::clone(&key_state);
            thread::spawn(move || {
                enter(1);
                look_and_leave(&key_state);
            })
        };
        let last = call(&key_state, 2, |ticket| ticket.keep());
        first.refund();
        leaver.join().expect("it leaves");
        last.join().expect("it goes");
        check(&key_state, 1);
    });
}

#[test]
fn those_who_hand_on_what_they_got_all_go() {
    model(|| {
        let key_state = key_state();
        let callers = [1, 2].map(|runtime| call(&key_state, runtime, |ticket| ticket.refund()));
        enter(3);
        now_or_wait(&key_state).refund();
        for caller in callers {
            caller.join().expect("it goes");
        }
        check(&key_state, 0);
    });
}

/// Two callers that wait for the alarm in the runtimes given.
fn wait_for_the_alarm(runtimes: [Id; 2], before: fn(&Arc<KeyState>)) {
    model(move || {
        let key_state = key_state();
        let done = Shared::new(AtomicUsize::new(0));
        now_or_wait(&key_state).keep();
        let callers = runtimes.map(|runtime| {
            let done = Shared::clone(&done);
            call(&key_state, runtime, move |ticket| {
                ticket.keep();
                done.fetch_add(1, Ordering::Release);
            })
        });
        before(&key_state);
        drive(&key_state, &done, 2, &runtimes);
        for caller in callers {
            caller.join().expect("it goes");
        }
        check(&key_state, 1);
        assert_eq!(now(), epoch() + 2 * PERIOD);
    });
}

#[test]
fn the_alarm_lets_all_go_in_one_runtime() {
    wait_for_the_alarm([1, 1], |_| ());
}

#[test]
fn the_alarm_lets_all_go_in_two_runtimes() {
    wait_for_the_alarm([1, 2], |_| ());
}

#[test]
fn an_alarm_that_rings_early_is_set_again() {
    wait_for_the_alarm([1, 2], |key_state| {
        Waker::from(Arc::clone(key_state)).wake();
    });
}

#[test]
fn one_goes_though_the_runtime_of_the_one_ahead_stands_still() {
    model(|| {
        let key_state = key_state();
        let done = Shared::new(AtomicUsize::new(0));
        now_or_wait(&key_state).keep();
        enter(1);
        let mut ahead = Box::pin(admit(&key_state));
        let looked = ahead.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(looked.is_pending());
        let caller = {
            let done = Shared::clone(&done);
            call(&key_state, 2, move |ticket| {
                ticket.keep();
                done.fetch_add(1, Ordering::Release);
            })
        };
        drive(&key_state, &done, 1, &[2]);
        caller.join().expect("it goes");
        drop(ahead);
        check(&key_state, 1);
    });
}

#[test]
fn one_goes_though_the_runtime_of_one_that_left_stands_still() {
    model(|| {
        let key_state = key_state();
        let done = Shared::new(AtomicUsize::new(0));
        now_or_wait(&key_state).keep();
        let caller = {
            let done = Shared::clone(&done);
            call(&key_state, 2, move |ticket| {
                ticket.keep();
                done.fetch_add(1, Ordering::Release);
            })
        };
        let leaver = {
            let key_state = Arc::clone(&key_state);
            thread::spawn(move || {
                enter(1);
                look_and_leave(&key_state);
            })
        };
        leaver.join().expect("it leaves");
        drive(&key_state, &done, 1, &[2]);
        caller.join().expect("it goes");
        check(&key_state, 1);
    });
}

#[test]
fn settling_races_with_the_timer_and_loses_nothing() {
    model(|| {
        let key_state = key_state();
        let done = Shared::new(AtomicUsize::new(0));
        let first = now_or_wait(&key_state);
        let caller = {
            let done = Shared::clone(&done);
            call(&key_state, 1, move |ticket| {
                ticket.keep();
                done.fetch_add(1, Ordering::Release);
            })
        };
        let settler = thread::spawn(move || first.refund());
        drive(&key_state, &done, 1, &[1]);
        settler.join().expect("it settles");
        caller.join().expect("it goes");
        // By then the timer may have brought the clock to where it counts no longer.
        let used = key_state
            .look(|scheduler, now| Snapshot::of(scheduler, now))
            .limits[0]
            .used;
        check(&key_state, used);
        assert!(now() > epoch() || used == 1);
    });
}

#[test]
fn one_that_comes_as_the_key_is_closed_goes_or_is_rejected() {
    model(|| {
        let key_state = key_state();
        let first = now_or_wait(&key_state);
        let second = {
            let key_state = Arc::clone(&key_state);
            thread::spawn(move || {
                enter(1);
                let admitted = block_on(admit(&key_state));
                if let Err(rejected) = &admitted {
                    assert_eq!(*rejected.cause(), Cause::Closed);
                }
                admitted.map(|ticket| ticket.keep()).is_ok()
            })
        };
        let closer = {
            let key_state = Arc::clone(&key_state);
            thread::spawn(move || key_state.close())
        };
        first.refund();
        let goes = second.join().expect("nobody leaves it waiting");
        closer.join().expect("it is closed");
        check(&key_state, u64::from(goes));
    });
}
