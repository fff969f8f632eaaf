//! Models of everything atomic: `RUSTFLAGS="--cfg loom" cargo test --release --lib`

use loom::thread;

use super::*;
use crate::circuit::State;
use crate::settings::Settings;
use crate::window::{Rate, Window};

/// Two lanes to a circuit with a window of four calls, which trips at `trip` failures.
fn lanes(trip: u32) -> [Arc<Lane>; 2] {
    let mut settings = Settings::default();
    settings.rules.named().failures = Some(Rate::new(
        f64::from(trip) / 4.0,
        Window::calls(4).minimum(trip),
    ));
    let slot = Slot::new(Arc::new(settings), None, Some(1), 2, Instant::now());
    let lanes = Lanes::new(slot);
    [Arc::clone(&lanes.0[0]), Arc::clone(&lanes.0[1])]
}

fn call(lane: &Lane, outcome: Outcome) {
    if let Ok(admission) = lane.admit() {
        lane.record(admission, outcome, None);
    }
}

/// Runs the model with both threads in one lane, and with each in its own.
fn model(check: impl Fn([Arc<Lane>; 2]) + Send + Sync + Copy + 'static, trip: u32) {
    loom::model(move || check(lanes(trip)));
    loom::model(move || {
        let [lane, _] = lanes(trip);
        check([Arc::clone(&lane), lane]);
    });
}

#[test]
fn no_success_and_no_failure_is_lost() {
    model(
        |lanes| {
            let slot = Arc::clone(&lanes[0].slot);
            let outcomes = [
                [Outcome::Success, Outcome::Success],
                [Outcome::Failure, Outcome::Success],
            ];
            let [one, other] = lanes;
            let threads = [(one, outcomes[0]), (other, outcomes[1])].map(|(lane, outcomes)| {
                thread::spawn(move || outcomes.into_iter().for_each(|one| call(&lane, one)))
            });
            for thread in threads {
                thread.join().unwrap();
            }
            let snapshot = slot.snapshot();
            assert_eq!((snapshot.calls(), snapshot.failures()), (4, 1));
        },
        4,
    );
}

#[test]
fn successes_of_an_earlier_generation_never_count() {
    model(
        |[lane, other]| {
            let early = other.admit().unwrap();
            let late = thread::spawn(move || other.record(early, Outcome::Success, None));
            call(&lane, Outcome::Failure);
            assert_eq!(lane.slot().state(), State::Open);
            lane.slot().reset();
            late.join().unwrap();
            assert_eq!(lane.slot().state(), State::Closed);
            assert_eq!(lane.slot().snapshot().calls(), 0);
        },
        1,
    );
}

#[test]
fn forcing_it_open_takes_effect_in_all_lanes_before_it_returns() {
    model(
        |lanes| {
            let other = {
                let lane = Arc::clone(&lanes[1]);
                thread::spawn(move || call(&lane, Outcome::Success))
            };
            lanes[0].slot().force_open(None);
            assert!(lanes.iter().all(|lane| lane.admit().is_err()));
            other.join().unwrap();
            assert!(lanes.iter().all(|lane| lane.admit().is_err()));
            assert_eq!(lanes[0].slot().state(), State::Open);
        },
        4,
    );
}

#[test]
fn a_trip_through_one_lane_closes_the_other_before_it_returns() {
    model(
        |[lane, other]| {
            let failure = {
                let lane = Arc::clone(&lane);
                thread::spawn(move || call(&lane, Outcome::Failure))
            };
            call(&other, Outcome::Success);
            failure.join().unwrap();
            assert!(other.admit().is_err());
            assert!(lane.admit().is_err());
        },
        1,
    );
}

#[test]
fn a_reset_forgets_what_comes_before_it() {
    model(
        |[lane, other]| {
            let early = other.admit().unwrap();
            let success = thread::spawn(move || other.record(early, Outcome::Success, None));
            lane.slot().reset();
            success.join().unwrap();
            assert_eq!(lane.slot().snapshot().calls(), 0);
        },
        4,
    );
}
