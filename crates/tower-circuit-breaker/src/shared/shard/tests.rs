//! Models of everything atomic: `RUSTFLAGS="--cfg loom" cargo test --release --lib`

use loom::thread;

use super::*;
use crate::circuit::Circuit;
use crate::outage::Outage;
use crate::settings::Settings;
use crate::shared::Permit;
use crate::snapshot::Snapshot;
use crate::transition::State;
use crate::window::{RateRule, Window};

/// Two shards to a circuit with a window of four calls, which trips at `trip` failures.
fn shards(trip: u32) -> [Arc<Shard>; 2] {
    let mut settings = Settings::default();
    settings.rules.named().failures = Some(RateRule::new(
        f64::from(trip) / 4.0,
        Window::calls(4).minimum(trip),
    ));
    let circuit = SharedCircuit::new(Arc::new(settings), None, Some(1), 2);
    let shards = Shards::new(circuit);
    // Any but the first call: that one takes the lock.
    assert!(shards.0[0].admit().is_ok());
    [Arc::clone(&shards.0[0]), Arc::clone(&shards.0[1])]
}

fn call(shard: &Shard, verdict: Verdict) {
    if let Ok(admission) = shard.admit() {
        shard.record(admission, verdict, None);
    }
}

/// Runs the model with both threads in one shard, and with each in its own.
fn model(check: impl Fn([Arc<Shard>; 2]) + Send + Sync + Copy + 'static, trip: u32) {
    loom::model(move || check(shards(trip)));
    loom::model(move || {
        let [shard, _] = shards(trip);
        check([Arc::clone(&shard), shard]);
    });
}

#[test]
fn no_success_and_no_failure_is_lost() {
    model(
        |shards| {
            let circuit = Arc::clone(&shards[0].circuit);
            let verdicts = [
                [Verdict::Success, Verdict::Success],
                [Verdict::Failure, Verdict::Success],
            ];
            let [one, other] = shards;
            let threads = [(one, verdicts[0]), (other, verdicts[1])].map(|(shard, verdicts)| {
                thread::spawn(move || verdicts.into_iter().for_each(|one| call(&shard, one)))
            });
            for thread in threads {
                thread.join().unwrap();
            }
            let snapshot = circuit.change(Snapshot::of);
            assert_eq!((snapshot.calls, snapshot.failures), (4, 1));
        },
        4,
    );
}

#[test]
fn successes_of_an_earlier_generation_never_count() {
    model(
        |[shard, other]| {
            let early = other.admit().unwrap();
            let late = thread::spawn(move || other.record(early, Verdict::Success, None));
            call(&shard, Verdict::Failure);
            assert_eq!(shard.circuit().state(), State::Open);
            shard.circuit().change(Circuit::reset);
            late.join().unwrap();
            assert_eq!(shard.circuit().state(), State::Closed);
            assert_eq!(shard.circuit().change(Snapshot::of).calls, 0);
        },
        1,
    );
}

#[test]
fn forcing_it_open_takes_effect_in_all_shards_before_it_returns() {
    model(
        |shards| {
            let other = {
                let shard = Arc::clone(&shards[1]);
                thread::spawn(move || call(&shard, Verdict::Success))
            };
            shards[0]
                .circuit()
                .change(|circuit, now| circuit.force_open(now, None));
            assert!(shards.iter().all(|shard| shard.admit().is_err()));
            other.join().unwrap();
            assert!(shards.iter().all(|shard| shard.admit().is_err()));
            assert_eq!(shards[0].circuit().state(), State::Open);
        },
        4,
    );
}

#[test]
fn a_trip_through_one_shard_closes_the_other_before_it_returns() {
    model(
        |[shard, other]| {
            let failure = {
                let shard = Arc::clone(&shard);
                thread::spawn(move || call(&shard, Verdict::Failure))
            };
            call(&other, Verdict::Success);
            failure.join().unwrap();
            assert!(other.admit().is_err());
            assert!(shard.admit().is_err());
        },
        1,
    );
}

#[test]
fn a_reset_forgets_what_comes_before_it() {
    model(
        |[shard, other]| {
            let early = other.admit().unwrap();
            let success = thread::spawn(move || other.record(early, Verdict::Success, None));
            shard.circuit().change(Circuit::reset);
            success.join().unwrap();
            assert_eq!(shard.circuit().change(Snapshot::of).calls, 0);
        },
        4,
    );
}

/// Shards whose rule for outages never trips, beside a window of four calls that never does.
fn watching() -> [Arc<Shard>; 2] {
    let mut settings = Settings::default();
    let rules = settings.rules.named();
    rules.failures = Some(RateRule::new(1.0, Window::calls(4).minimum(4)));
    rules.outage = Some(Outage::new());
    let circuit = SharedCircuit::new(Arc::new(settings), None, Some(1), 2);
    let shards = Shards::new(circuit);
    [Arc::clone(&shards.0[0]), Arc::clone(&shards.0[1])]
}

/// A call from its admission to its result.
fn watched_call(shard: &Arc<Shard>, verdict: Verdict) {
    let mut permit = Permit::acquire(Arc::clone(shard)).unwrap();
    permit.start().unwrap();
    permit.record(verdict);
}

#[test]
fn no_call_stays_under_way_that_has_ended() {
    loom::model(|| {
        let [shard, other] = watching();
        let circuit = Arc::clone(&shard.circuit);
        let failures = thread::spawn(move || {
            watched_call(&shard, Verdict::Failure);
            watched_call(&shard, Verdict::Ignored);
        });
        watched_call(&other, Verdict::Failure);
        failures.join().unwrap();
        assert_eq!(circuit.change(|circuit, _| circuit.rules().under_way()), 0);
        assert_eq!(circuit.change(Snapshot::of).calls, 2);
    });
}

#[test]
fn a_break_takes_back_its_beginning_and_no_other_success() {
    loom::model(|| {
        let [shard, other] = shards(4);
        let circuit = Arc::clone(&shard.circuit);
        let mut permit = Permit::acquire(shard).unwrap();
        permit.start().unwrap();
        let broken = thread::spawn(move || permit.begin().record(Verdict::Failure));
        call(&other, Verdict::Success);
        call(&other, Verdict::Success);
        broken.join().unwrap();
        // The beginning is a success until one that comes after the break stands for it.
        call(&other, Verdict::Success);
        let snapshot = circuit.change(Snapshot::of);
        assert_eq!((snapshot.calls, snapshot.failures), (4, 1));
    });
}

#[test]
fn a_circuit_that_a_beginning_has_closed_hears_of_its_end() {
    loom::model(|| {
        let mut settings = Settings::default();
        settings.rules.named().consecutive = std::num::NonZeroU32::new(1);
        let circuit = SharedCircuit::new(Arc::new(settings), None, Some(1), 2);
        let shards = Shards::new(circuit);
        let [shard, other] = [0, 1].map(|at| Arc::clone(&shards.0[at]));
        // Open, with its open time over.
        shard.circuit().change(|circuit, now| {
            circuit.force_open(now, Some(std::time::Duration::ZERO));
        });
        let mut probe = Permit::acquire(Arc::clone(&shard)).unwrap();
        probe.start().unwrap();
        let late = thread::spawn(move || drop(other.admit()));
        let outcome = probe.begin();
        assert_eq!(shard.circuit().state(), State::Closed);
        outcome.record(Verdict::Failure);
        assert_eq!(shard.circuit().state(), State::Open);
        late.join().unwrap();
    });
}

#[test]
fn a_success_leaves_its_time() {
    loom::model(|| {
        let [shard, other] = watching();
        // The first call goes to the circuit itself.
        watched_call(&shard, Verdict::Ignored);
        let before = Instant::now();
        let success = thread::spawn(move || watched_call(&other, Verdict::Success));
        let circuit = shard.circuit();
        if circuit.change(Snapshot::of).calls == 1 {
            let well = circuit.change(|circuit, _| circuit.rules().last_success());
            assert!(well >= Some(before));
        }
        success.join().unwrap();
        let well = circuit.change(|circuit, _| circuit.rules().last_success());
        assert!(well >= Some(before));
    });
}
