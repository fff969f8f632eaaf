//! Anything may befall a fleet at any time: nothing is lost, and no minute is sent much more than the quota.
//!
//! `FUZZ=1000` runs so many schedules, `FUZZ_SEED=17` begins with that one. By the hundreds they are for
//! `--release --nocapture`.

use fastrand::Rng;

use crate::fault::{Fault, LogFault, What};
use crate::memory_log::Reach;
use crate::metered::workload::Workload;
use crate::plan::{METERS, Plan, load};
use crate::report::Report;
use crate::table;

/// Of what the meter may let in in a minute. Some faults that come together, as one that is cut off while others
/// restart, cost so much.
const SENT: f64 = 1.35;
/// A clock that is set forward while nobody appends is believed, and what was used forgotten.
const SENT_BY_CLOCK: f64 = 2.5;
/// Longer than one process that nothing befalls, in seconds: an outage lets little go, and here are up to two of 90 s.
const LONGER: f64 = 420.0;
const PROCESSES: usize = 6;

fn plan(seed: u64) -> Plan {
    let mut rng = Rng::with_seed(seed);
    let rng = &mut rng;
    let (name, count) = rng
        .choice([
            ("60 RPM", 300),
            ("200k, 1x", 660),
            ("200k, 5x", 500),
            ("agents 32k", 100),
        ])
        .expect("some load");
    let workload = Workload {
        count: Some(count),
        ..load(name)
    };
    let (_, meter) = METERS[rng.usize(1..METERS.len())];
    let round_trips = (0..PROCESSES).map(|_| 0.0003 * (6.5 * rng.f64()).exp());
    Plan {
        workers: 20,
        most: 2000.0,
        round_trips: round_trips.collect(),
        ..Plan::new(workload, meter, seed)
    }
    .processes(PROCESSES)
    .pooled()
    .with(schedule(rng))
}

fn schedule(rng: &mut Rng) -> Vec<Fault> {
    let mut faults = Vec::new();
    let chance = |part: f64, rng: &mut Rng| rng.f64() < part;
    let at = |rng: &mut Rng| 20.0 + 200.0 * rng.f64();
    let long = |rng: &mut Rng| match rng.bool() {
        true => 5.0 + 85.0 * rng.f64(),
        false => 3.0 * rng.f64(),
    };
    let process = |rng: &mut Rng| rng.usize(..PROCESSES);
    if chance(0.5, rng) {
        let (from, reach) = (at(rng), [Reach::Gone, Reach::Hangs][rng.usize(..2)]);
        let to = from + long(rng);
        faults.extend(Fault::outage(from, to, reach));
        if chance(0.3, rng) {
            faults.push(Fault::log(to - 0.1, LogFault::Empty));
        }
    }
    if chance(0.2, rng) {
        faults.push(Fault::log(at(rng), LogFault::Empty));
    }
    if chance(0.2, rng) {
        faults.push(Fault::log(at(rng), LogFault::FailOver(rng.usize(..40))));
    }
    if chance(0.3, rng) {
        let by = [-3600.0, -5.0, -1.0, 1.0, 5.0, 3600.0][rng.usize(..6)];
        faults.push(Fault::log(at(rng), LogFault::Step(by)));
    }
    if chance(0.3, rng) {
        let from = at(rng);
        faults.extend(Fault::slow(from, from + long(rng), rng.f64()));
    }
    for what in [
        LogFault::LosePushes,
        LogFault::DoublePushes,
        LogFault::LoseAnswers,
    ] {
        if chance(0.15, rng) {
            let from = at(rng);
            faults.extend(Fault::lossy(from, from + long(rng), what, 0.5 * rng.f64()));
        }
    }
    if chance(0.3, rng) {
        let from = at(rng);
        faults.extend(Fault::cut(process(rng), from, from + long(rng)));
    }
    for _ in 0..rng.usize(..3) {
        faults.push(Fault::new(at(rng), What::Restart(process(rng))));
    }
    if chance(0.3, rng) {
        faults.push(Fault::new(at(rng), What::Kill(rng.usize(1..PROCESSES))));
    }
    for _ in 0..rng.usize(..3) / 2 * rng.usize(1..3) {
        faults.push(Fault::new(at(rng), What::Stand(process(rng), long(rng))));
    }
    if chance(0.3, rng) {
        let joins = (PROCESSES / 2..PROCESSES).map(|process| (process, at(rng)));
        faults.extend(
            joins
                .map(|(process, at)| Fault::new(at, What::Join(process)))
                .collect::<Vec<_>>(),
        );
    }
    faults
}

fn broken(plan: &Plan, fleet: &Report, alone: &Report) -> Vec<&'static str> {
    let is_set = |fault: &Fault| matches!(fault.what, What::Log(LogFault::Step(by)) if by > 1.0);
    let sent = match plan.faults.iter().any(is_set) {
        true => SENT_BY_CLOCK,
        false => SENT,
    };
    let checks = [
        ("lost or stuck", fleet.lost == 0),
        ("slow", fleet.seconds <= alone.seconds + LONGER),
        ("sent", fleet.most_sent <= sent),
        ("idle", fleet.idle_commands == 0),
    ];
    let broken = checks.into_iter().filter(|(_, holds)| !holds);
    broken.map(|(what, _)| what).collect()
}

#[test]
fn nothing_is_lost_whatever_happens() {
    let set = |name: &str, otherwise: u64| {
        std::env::var(name).map_or(otherwise, |set| set.parse().expect("a number"))
    };
    let first = set("FUZZ_SEED", 1);
    let count = set("FUZZ", 16);
    let mut failed = Vec::new();
    let mut sent: Vec<(f64, u64)> = Vec::new();
    let mut longer: f64 = 0.0;
    for seed in first..first + count {
        let plan = plan(seed);
        let row = table::Row::measure(&plan, false);
        let broken = broken(&plan, &row.fleet, &row.alone);
        sent.push((row.fleet.most_sent, seed));
        longer = longer.max(row.fleet.seconds - row.alone.seconds);
        if !broken.is_empty() || count == 1 {
            println!(
                "FUZZ_SEED={seed} FUZZ=1: {broken:?}\n{}\n{:<40} | {}",
                table::head(),
                format!("{} on {:?}", plan.workload.name, plan.meter),
                row.line()
            );
            println!("{}", row.course());
            for fault in plan.script() {
                println!("    {:>6.1} {:?}", fault.at, fault.what);
            }
        }
        if !broken.is_empty() {
            failed.push(seed);
        }
    }
    sent.sort_by(|one, other| one.0.total_cmp(&other.0));
    let within = |bound: f64| sent.partition_point(|(sent, _)| *sent <= bound);
    println!(
        "{count} schedules: sent in any minute within 1.05 in {}, 1.10 in {}, 1.20 in {}, the most {:?}; \
         {longer:.0} s longer at most",
        within(1.05),
        within(1.10),
        within(1.20),
        sent.last(),
    );
    assert!(failed.is_empty(), "with these seeds: {failed:?}");
}
