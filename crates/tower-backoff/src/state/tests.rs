//! Models of everything atomic: `RUSTFLAGS="--cfg loom" cargo test -p tower-backoff --release --lib`

use loom::{sync::Arc, thread};
use tokio::time::Instant;

use super::State;
use crate::{budget::Budget, events::RetryCause};

/// Ratio 1, nothing saved at the start, no floor: as many retries as calls.
fn one_for_one() -> Arc<State> {
    let state = State::new(Budget::ratio(1, 1).floor_per_second(0).burst(10), None);
    assert!(state.withdraw(Instant::now(), 10));
    Arc::new(state)
}

#[test]
fn retries_of_concurrent_calls_never_exceed_their_traffic() {
    loom::model(|| {
        let state = one_for_one();
        let now = Instant::now();
        let run = |state: Arc<State>| {
            move || {
                state.called(1);
                (0..2).filter(|_| state.withdraw(now, 1)).count()
            }
        };
        let other = thread::spawn(run(Arc::clone(&state)));
        let granted = run(Arc::clone(&state))() + other.join().unwrap();
        assert!(granted <= 2);
        // Both calls' traffic pays for both retries, whoever of them asks.
        let rest = (0..3).filter(|_| state.withdraw(now, 1)).count();
        assert_eq!(granted + rest, 2);
    });
}

#[test]
fn weighted_and_plain_calls_add_up() {
    loom::model(|| {
        let state = one_for_one();
        let now = Instant::now();
        let heavy = {
            let state = Arc::clone(&state);
            thread::spawn(move || {
                state.called(3);
                state.withdraw(now, 3)
            })
        };
        state.called(1);
        assert!(state.withdraw(now, 1));
        assert!(heavy.join().unwrap());
        assert_eq!(state.snapshot(now).attempts, 2);
    });
}

#[test]
fn a_refund_races_with_a_withdrawal_and_nothing_is_lost() {
    loom::model(|| {
        let state = one_for_one();
        let now = Instant::now();
        state.called(1);
        assert!(state.withdraw(now, 1));
        let refund = {
            let state = Arc::clone(&state);
            thread::spawn(move || state.refund(1))
        };
        let early = state.withdraw(now, 1);
        refund.join().unwrap();
        assert_ne!(early, state.withdraw(now, 1));
    });
}

#[test]
fn no_count_is_lost() {
    loom::model(|| {
        let state = one_for_one();
        let run = |state: Arc<State>| {
            move || {
                state.called(1);
                state.retried(RetryCause::Transient);
            }
        };
        let other = thread::spawn(run(Arc::clone(&state)));
        run(Arc::clone(&state))();
        other.join().unwrap();
        let counts = state.snapshot(Instant::now());
        assert_eq!((counts.attempts, counts.transient), (4, 2));
    });
}
