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
use crate::ledger::memory::Grant;
use crate::ledger::memory::timer::{enter, epoch, set_now};
use crate::limit::Limit;

const PERIOD: Duration = Duration::from_secs(1);

/// Tries all interleavings with so few preemptions that it takes a moment; every blocking switch
/// comes on top.
fn model(run: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound.get_or_insert(2);
    model.check(run);
}

/// Room for one call a second.
fn slot() -> Arc<Slot> {
    set_now(epoch());
    let limits = Limits::from(Limit::calls(1, PERIOD).margin(Duration::ZERO));
    Arc::new(Slot::new("".into(), &limits, Arc::default(), epoch()))
}

/// What `Admit` does, without the keys.
async fn admit(slot: &Arc<Slot>) -> Result<Grant, Rejected> {
    struct Waiting<'a>(&'a Arc<Slot>, Option<Place>);
    impl Drop for Waiting<'_> {
        fn drop(&mut self) {
            if let Some(place) = self.1 {
                self.0.leave(place);
            }
        }
    }
    let grant = |entry| Grant::new(Arc::clone(slot), entry, false);
    match slot.enter(slot.call(&Ask::new(()))) {
        ControlFlow::Break(admitted) => admitted.map(grant),
        ControlFlow::Continue(place) => {
            let mut waiting = Waiting(slot, Some(place));
            let admitted = poll_fn(|cx| slot.poll(place, cx)).await;
            waiting.1 = None;
            admitted.map(grant)
        }
    }
}

fn now_or_wait(slot: &Arc<Slot>) -> Grant {
    block_on(admit(slot)).expect("nothing bounds its wait")
}

/// One that asks, looks once, and goes away.
fn look_and_leave(slot: &Arc<Slot>) {
    let mut cx = Context::from_waker(Waker::noop());
    if let Poll::Ready(grant) = pin!(admit(slot)).poll(&mut cx) {
        grant.expect("nothing bounds its wait").refund();
    }
}

fn call(
    slot: &Arc<Slot>,
    runtime: Id,
    then: impl FnOnce(Grant) + 'static,
) -> thread::JoinHandle<()> {
    let slot = Arc::clone(slot);
    thread::spawn(move || {
        enter(runtime);
        then(now_or_wait(&slot));
    })
}

/// The runtimes that go on fire the timer when it is due, until all is done.
fn drive(slot: &Arc<Slot>, done: &AtomicUsize, callers: usize, runtimes: &[Id]) {
    while done.load(Ordering::Acquire) < callers {
        let due = lock(&slot.state).timer.due();
        match due {
            Some((due, by)) if runtimes.contains(&by) => {
                set_now(due.max(now()));
                enter(by);
                Waker::from(Arc::clone(slot)).wake();
            }
            _ => thread::yield_now(),
        }
    }
}

/// Nobody waits and nothing is pending; all that is used is `used`.
fn check(slot: &Slot, used: u64) {
    let usage = slot.usage();
    assert_eq!((usage.queued, usage.pending_calls), (0, 0));
    assert_eq!(usage.limits[0].used, used);
}

#[test]
fn one_that_comes_as_another_is_refunded_goes() {
    model(|| {
        let slot = slot();
        let first = now_or_wait(&slot);
        let second = call(&slot, 1, |grant| grant.keep());
        first.refund();
        second.join().expect("it goes");
        check(&slot, 1);
    });
}

#[test]
fn what_one_that_leaves_was_let_go_with_lets_the_next_go() {
    model(|| {
        let slot = slot();
        let first = now_or_wait(&slot);
        let leaver = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || {
                enter(1);
                look_and_leave(&slot);
            })
        };
        let last = call(&slot, 2, |grant| grant.keep());
        first.refund();
        leaver.join().expect("it leaves");
        last.join().expect("it goes");
        check(&slot, 1);
    });
}

#[test]
fn those_who_hand_on_what_they_got_all_go() {
    model(|| {
        let slot = slot();
        let callers = [1, 2].map(|runtime| call(&slot, runtime, |grant| grant.refund()));
        enter(3);
        now_or_wait(&slot).refund();
        for caller in callers {
            caller.join().expect("it goes");
        }
        check(&slot, 0);
    });
}

/// Two callers that wait for the timer, in the runtimes given.
fn wait_for_the_timer(runtimes: [Id; 2], early: bool) {
    model(move || {
        let slot = slot();
        let done = Shared::new(AtomicUsize::new(0));
        now_or_wait(&slot).keep();
        let callers = runtimes.map(|runtime| {
            let done = Shared::clone(&done);
            call(&slot, runtime, move |grant| {
                grant.keep();
                done.fetch_add(1, Ordering::Release);
            })
        });
        if early {
            // As the timer's runtime shuts down.
            Waker::from(Arc::clone(&slot)).wake();
        }
        drive(&slot, &done, 2, &runtimes);
        for caller in callers {
            caller.join().expect("it goes");
        }
        check(&slot, 1);
        assert_eq!(now(), epoch() + 2 * PERIOD);
    });
}

#[test]
fn the_timer_lets_all_go_in_one_runtime() {
    wait_for_the_timer([1, 1], false);
}

#[test]
fn the_timer_lets_all_go_in_two_runtimes() {
    wait_for_the_timer([1, 2], false);
}

#[test]
fn a_timer_that_fires_early_is_set_again() {
    wait_for_the_timer([1, 2], true);
}

#[test]
fn one_goes_though_the_runtime_of_one_that_left_stands_still() {
    model(|| {
        let slot = slot();
        let done = Shared::new(AtomicUsize::new(0));
        now_or_wait(&slot).keep();
        let caller = {
            let done = Shared::clone(&done);
            call(&slot, 2, move |grant| {
                grant.keep();
                done.fetch_add(1, Ordering::Release);
            })
        };
        let leaver = {
            let slot = Arc::clone(&slot);
            thread::spawn(move || {
                enter(1);
                look_and_leave(&slot);
            })
        };
        leaver.join().expect("it leaves");
        drive(&slot, &done, 1, &[2]);
        caller.join().expect("it goes");
        check(&slot, 1);
    });
}

#[test]
fn settling_races_with_the_timer_and_loses_nothing() {
    model(|| {
        let slot = slot();
        let done = Shared::new(AtomicUsize::new(0));
        let first = now_or_wait(&slot);
        let caller = {
            let done = Shared::clone(&done);
            call(&slot, 1, move |grant| {
                grant.keep();
                done.fetch_add(1, Ordering::Release);
            })
        };
        let settler = thread::spawn(move || first.refund());
        drive(&slot, &done, 1, &[1]);
        settler.join().expect("it settles");
        caller.join().expect("it goes");
        // By then the timer may have brought the clock to where it counts no longer.
        let used = slot.usage().limits[0].used;
        check(&slot, used);
        assert!(now() > epoch() || used == 1);
    });
}
