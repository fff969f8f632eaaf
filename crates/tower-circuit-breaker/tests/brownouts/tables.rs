//! The tables of the guide on outages, measured anew.
//!
//! `cargo test --release --test brownouts -- --ignored --nocapture` prints them; `SEEDS=2` tries
//! fewer seeds, `ONLY="80 %"` the rows named so.

use std::sync::Mutex;
use std::thread;

use crate::case::{Case, Failures, Kind, Load, Mood};
use crate::report::{Report, lost};
use crate::seconds::Seconds;
use crate::simulation::{healthy, play};
use crate::stack::Layers;

const ALL: [Layers; 3] = [Layers::Retries, Layers::Outage, Layers::Ended];

/// No parameter was chosen by these.
const FIRST_SEED: u64 = 7000;

fn seeds() -> u64 {
    let seeds = std::env::var("SEEDS").map_or(10, |seeds| seeds.parse().expect("a number"));
    assert!(seeds > 0);
    seeds
}

fn reports(case: Case, layers: Layers, healthy: f64) -> Vec<Report> {
    let seeds = FIRST_SEED..FIRST_SEED + seeds();
    seeds
        .map(|seed| play(case, layers, seed, healthy))
        .collect()
}

/// Works out the rows on all processors and prints them in order.
fn rows(cases: &[(String, Case)], row: impl Fn(Case, f64) -> String + Sync) {
    let only = std::env::var("ONLY").unwrap_or_default();
    let cases: Vec<_> = cases
        .iter()
        .filter(|(name, _)| name.contains(&only))
        .collect();
    let next = Mutex::new(0);
    let lines = Mutex::new(vec![None; cases.len()]);
    let printed = Mutex::new(0);
    let processors = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                loop {
                    let mine = {
                        let mut next = next.lock().expect("no panics");
                        *next += 1;
                        *next - 1
                    };
                    let Some((name, case)) = cases.get(mine) else {
                        return;
                    };
                    let line = format!("| {name} {}", row(*case, healthy(*case, FIRST_SEED)));
                    lines.lock().expect("no panics")[mine] = Some(line);
                    let mut printed = printed.lock().expect("no panics");
                    while let Some(Some(line)) = lines.lock().expect("no panics").get(*printed) {
                        println!("{line}");
                        *printed += 1;
                    }
                }
            });
        }
    });
}

fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        _ if percent == 0.0 => "0".to_owned(),
        ..0.1 => format!("{percent:.3}"),
        ..10.0 => format!("{percent:.2}"),
        _ => format!("{percent:.1}"),
    }
}

fn quantile(mut times: Vec<f64>, share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    let at = (times.len().saturating_sub(1)) as f64 * share;
    times.get(at as usize).copied().unwrap_or(f64::NAN)
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values
        .into_iter()
        .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn load_name(load: Load) -> String {
    match load {
        Load::Workers(1) => "1 worker".to_owned(),
        Load::Workers(workers) => format!("{workers} workers"),
        Load::Every(every) if every < 1.0 => format!("{:.0} calls/s", 1.0 / every),
        Load::Every(every) => format!("a call each {every} s"),
    }
}

fn time(load: Load) -> Seconds {
    match load {
        Load::Workers(..10) => 3000.0,
        Load::Workers(200..) => 300.0,
        Load::Workers(_) => 600.0,
        Load::Every(every) if every < 1.0 => 300.0,
        Load::Every(_) => 6000.0,
    }
}

fn partly() -> Vec<(String, Case)> {
    let loads = [
        Load::Workers(1),
        Load::Workers(5),
        Load::Workers(20),
        Load::Workers(50),
        Load::Workers(200),
        Load::Workers(500),
        Load::Every(15.0),
        Load::Every(0.02),
    ];
    let mut cases = Vec::new();
    for load in loads {
        for after in [0.05, 2.0, 30.0] {
            for share in [0.1, 0.2, 0.3, 0.5, 0.8] {
                let name = format!("{}, {:.0} % in {after} s", load_name(load), 100.0 * share);
                let case = Case::new(load, Mood::Share(share), Failures::after(after), time(load));
                cases.push((name, case));
            }
        }
    }
    for load in [Load::Workers(50), Load::Workers(500), Load::Every(15.0)] {
        for (share, bad, good) in [(0.5, 20.0, 40.0), (0.8, 20.0, 40.0), (1.0, 1.0, 4.0)] {
            let mood = Mood::Bursts { share, bad, good };
            let name = format!(
                "{}, {:.0} % for {bad} of {} s",
                load_name(load),
                100.0 * share,
                bad + good,
            );
            cases.push((
                name,
                Case::new(load, mood, Failures::after(0.05), time(load)),
            ));
        }
    }
    for workers in [5, 50, 500] {
        let load = Load::Workers(workers);
        for share in [0.2, 0.5, 0.8] {
            let at = |what: &str| format!("{}, {:.0} % {what}", load_name(load), 100.0 * share);
            let of = |failures| Case::new(load, Mood::Share(share), failures, time(load));
            cases.push((at("429"), of(Failures::of(Kind::Throttle))));
            cases.push((at("slow"), of(Failures::of(Kind::Slow))));
            cases.push((at("time out"), of(Failures::of(Kind::Hang))));
            let wide = Failures {
                spread: 1.0,
                ..Failures::after(0.5)
            };
            cases.push((at("in 0.1 to 2.5 s"), of(wide)));
            let uneven = Failures {
                rarely: 30.0,
                ..Failures::after(0.05)
            };
            cases.push((at("in 0.05 s, a tenth of them in 30 s"), of(uneven)));
            let long = Case {
                answer: 24.5,
                ..of(Failures::after(0.05))
            };
            cases.push((at("in 0.05 s, answers in 10 to 60 s"), long));
            let faults = Case {
                faults: 0.5,
                ..of(Failures::after(0.05))
            };
            cases.push((at("in 0.05 s, half callers' faults"), faults));
        }
    }
    for share in [0.9, 0.95] {
        let load = Load::Workers(50);
        let name = format!("{}, {:.0} % in 0.05 s", load_name(load), 100.0 * share);
        cases.push((
            name,
            Case::new(load, Mood::Share(share), Failures::after(0.05), 600.0),
        ));
    }
    cases
}

/// Before an outage, and from its end on.
const BEFORE: Seconds = 120.0;
const AFTER: Seconds = 300.0;

fn wholly() -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    let minutes = |minutes: f64| BEFORE + 60.0 * minutes;
    let outage = |till, around| Mood::Outage {
        from: BEFORE,
        till,
        around,
    };
    for load in [
        Load::Workers(1),
        Load::Workers(5),
        Load::Workers(20),
        Load::Workers(50),
        Load::Workers(200),
        Load::Workers(500),
        Load::Every(15.0),
        Load::Every(0.02),
    ] {
        for after in [0.05, 2.0, 30.0] {
            let till = minutes(5.0);
            let name = format!("{}, 5 min in {after} s", load_name(load));
            let case = Case::new(
                load,
                outage(till, 0.0),
                Failures::after(after),
                till + AFTER,
            );
            cases.push((name, case));
        }
        let till = minutes(30.0);
        let hang = Mood::Hang { from: BEFORE, till };
        let name = format!("{}, hangs for 30 min", load_name(load));
        cases.push((
            name,
            Case::new(load, hang, Failures::after(0.05), till + AFTER),
        ));
    }
    for load in [Load::Workers(50), Load::Workers(500), Load::Every(0.02)] {
        let till = minutes(5.0);
        let quick = Case::new(load, outage(till, 0.0), Failures::after(0.05), till + AFTER);
        let fragile = Case {
            fragile: Some(1.2),
            ..quick
        };
        cases.push((format!("{}, fragile after", load_name(load)), fragile));
        let around = Case {
            mood: outage(till, 0.2),
            ..quick
        };
        cases.push((format!("{}, 20 % around", load_name(load)), around));
        let short = Case {
            mood: outage(minutes(1.0), 0.0),
            time: minutes(1.0) + AFTER,
            ..quick
        };
        cases.push((format!("{}, 1 min in 0.05 s", load_name(load)), short));
        let long = Case {
            answer: 24.5,
            ..quick
        };
        cases.push((format!("{}, answers in 10 to 60 s", load_name(load)), long));
        let wide = Failures {
            spread: 1.0,
            ..Failures::after(0.5)
        };
        let wide = Case {
            failures: wide,
            ..quick
        };
        cases.push((format!("{}, in 0.1 to 2.5 s", load_name(load)), wide));
        let throttles = Case {
            failures: Failures::of(Kind::Throttle),
            ..quick
        };
        cases.push((format!("{}, 429", load_name(load)), throttles));
        let faults = Case {
            faults: 0.5,
            ..quick
        };
        cases.push((format!("{}, half callers' faults", load_name(load)), faults));
    }
    let till = minutes(10.0);
    let worse = Mood::Worse {
        from: BEFORE,
        hangs: minutes(2.0),
        till,
    };
    let case = Case::new(
        Load::Workers(50),
        worse,
        Failures::after(0.05),
        till + AFTER,
    );
    cases.push((
        "50 workers, 2 min in 0.05 s, then 8 min hangs".to_owned(),
        case,
    ));
    cases
}

#[test]
#[ignore = "prints a table; minutes in a release build"]
fn brownouts() {
    println!(
        "\nlost %, its worst seed, goodput over the healthy one, p99 of answered calls in s, trips in ten minutes"
    );
    println!("| | retries alone | outage | ended calls |\n|-|-|-|-|");
    rows(&partly(), |case, healthy| {
        let cell = |layers| {
            let reports = reports(case, layers, healthy);
            let calls = reports.iter().flat_map(|report| &report.calls);
            let answered = calls.clone().filter(|call| call.is_answered);
            let trips: usize = reports.iter().map(|report| report.trips.len()).sum();
            format!(
                "| {} ({}), {:.2}, {:.0}, {:.1} ",
                percent(lost(calls)),
                percent(reports.iter().map(Report::lost).fold(0.0, f64::max)),
                mean(reports.iter().map(|report| report.answers(0.0, case.time))) / healthy,
                quantile(answered.map(|call| call.took).collect(), 0.99),
                trips as f64 / seeds() as f64 / case.time * 600.0,
            )
        };
        ALL.map(cell).concat() + "|"
    });
}

#[test]
#[ignore = "prints a table; minutes in a release build"]
fn outages() {
    println!(
        "\ntrips before the outage; opened after s (worst); p99 and longest of the calls begun 10 s after its begin or later;"
    );
    println!(
        "calls to the service over healthy answers in %, from 10 s on (hangs: 70 s); recovered to 95 % after s;"
    );
    println!("goodput from 30 to 90 s after, worst seed");
    println!("| | retries alone | outage | ended calls |\n|-|-|-|-|");
    rows(&wholly(), |case, healthy| {
        ALL.map(|layers| outage_cell(case, healthy, layers))
            .concat()
            + "|"
    });
}

fn outage_cell(case: Case, healthy: f64, layers: Layers) -> String {
    let reports = reports(case, layers, healthy);
    let (from, till, calm) = match case.mood {
        Mood::Outage { from, till, .. } | Mood::Worse { from, till, .. } => (from, till, 10.0),
        Mood::Hang { from, till } => (from, till, 70.0),
        Mood::Share(_) | Mood::Bursts { .. } => unreachable!("these are no outages"),
    };
    let early = reports.iter().flat_map(|report| &report.trips);
    let early = early.filter(|trip| **trip < from).count();
    let opened: Vec<_> = reports
        .iter()
        .map(|report| report.trips.iter().find(|trip| **trip >= from))
        .map(|trip| trip.map_or(f64::INFINITY, |trip| trip - from))
        .collect();
    let calls = reports.iter().flat_map(|report| &report.calls);
    let during = calls.filter(|call| call.began >= from + calm && call.began < till - 10.0);
    let took: Vec<_> = during.map(|call| call.took).collect();
    let answers =
        |from, till| mean(reports.iter().map(|report| report.answers(from, till))) / healthy;
    let rest = case.time - till;
    let recovered = (0..rest as u32 - 10)
        .map(f64::from)
        .find(|after| answers(till + after, till + after + 10.0) >= 0.95);
    let after = |report: &Report| report.answers(till + 30.0, till + 90.0) / healthy;
    format!(
        "| {early}; {:.1} ({:.1}); {:.1}, {:.1}; {:.1}; {}; {:.2} ({:.2}) ",
        mean(opened.iter().copied()),
        opened.iter().copied().fold(0.0, f64::max),
        quantile(took.clone(), 0.99),
        took.iter().copied().fold(0.0, f64::max),
        100.0
            * mean(
                reports
                    .iter()
                    .map(|report| report.arrivals(from + calm, till))
            )
            / healthy,
        recovered.map_or("never".to_owned(), |after| format!("{after:.0}")),
        mean(reports.iter().map(after)),
        reports.iter().map(after).fold(f64::MAX, f64::min),
    )
}
