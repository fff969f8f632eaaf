//! What the layers make of a service that is unwell: workers, retries, a breaker, and a service with
//! moods, on a paused clock.

mod case;
mod report;
mod seconds;
mod service;
mod simulation;
mod stack;
mod tables;

use case::{Case, Failures, Load, Mood};
use simulation::{healthy, play};
use stack::Layers;

const SEED: u64 = 1;

#[test]
fn a_brownout_of_four_in_five_loses_no_more_calls_than_retries_alone() {
    for (workers, after) in [(50, 0.05), (20, 2.0), (3, 0.05)] {
        let load = Load::Workers(workers);
        let case = Case::new(load, Mood::Share(0.8), Failures::after(after), 200.0);
        let alone = play(case, Layers::Retries, SEED, 0.0);
        let report = play(case, Layers::Outage, SEED, 0.0);
        assert_eq!(report.trips, [], "{workers} workers");
        assert_eq!(report.lost().to_bits(), alone.lost().to_bits());
    }
}

#[test]
fn an_outage_is_over_for_its_callers_in_seconds() {
    let (from, till) = (20.0, 80.0);
    let mood = Mood::Outage {
        from,
        till,
        around: 0.0,
    };
    let case = Case::new(Load::Workers(50), mood, Failures::after(0.05), 130.0);
    let healthy = healthy(case, SEED);
    let report = play(case, Layers::Outage, SEED, healthy);
    let opened = report.trips[0] - from;
    assert!((5.0..10.0).contains(&opened), "opened after {opened} s");
    let during = report.calls.iter();
    let during = during.filter(|call| call.began >= from + 10.0 && call.began < till - 10.0);
    assert!(during.clone().count() > 100);
    for call in during {
        assert!(call.took < 6.0, "a call took {} s", call.took);
    }
    let load = report.arrivals(from + 10.0, till) / healthy;
    assert!(load <= 0.02, "the service saw {load} of its load");
    let after = report.answers(till + 30.0, till + 50.0) / healthy;
    assert!(after >= 0.95, "{after} of the answers");
}

#[test]
fn a_fragile_service_is_not_pushed_back_into_the_storm() {
    let mood = Mood::Outage {
        from: 10.0,
        till: 70.0,
        around: 0.0,
    };
    let case = Case {
        fragile: Some(1.2),
        ..Case::new(Load::Every(0.1), mood, Failures::after(0.05), 130.0)
    };
    let healthy = healthy(case, SEED);
    let goodput = |layers| play(case, layers, SEED, healthy).answers(100.0, 130.0) / healthy;
    assert!(goodput(Layers::Retries) < 0.5);
    assert!(goodput(Layers::Outage) >= 0.95);
}

#[test]
fn hung_backends_open_it() {
    let (from, till) = (20.0, 400.0);
    let case = Case::new(
        Load::Workers(50),
        Mood::Hang { from, till },
        Failures::after(0.05),
        till,
    );
    let report = play(case, Layers::Outage, SEED, 0.0);
    let opened = report.trips[0] - from;
    assert!((60.0..80.0).contains(&opened), "opened after {opened} s");
}

#[test]
fn little_traffic_opens_it_and_never_sticks() {
    let (from, till) = (300.0, 1800.0);
    let mood = Mood::Outage {
        from,
        till,
        around: 0.0,
    };
    let case = Case::new(Load::Every(15.0), mood, Failures::after(0.05), till + 600.0);
    let report = play(case, Layers::Outage, SEED, 0.0);
    let opened = report.trips[0] - from;
    assert!(opened < 120.0, "opened after {opened} s");
    let after = report.calls.iter().filter(|call| call.began > till + 15.0);
    assert!(after.clone().count() > 30);
    assert!(after.clone().all(|call| call.is_answered));
}
