//! The table of fleets, which is printed by hand.

use std::fmt::Write;

use crate::fault::{Fault, LogFault, What};
use crate::memory_log::Reach;
use crate::plan::{LOADS, METERS, Plan, load};
use crate::report::Report;

/// What may befall eight processes for a minute, from the second minute on.
pub(crate) fn faults() -> Vec<(&'static str, Vec<Fault>)> {
    let (from, to) = (120.0, 180.0);
    let kill = |processes: std::ops::Range<usize>| {
        let killed = processes.map(|process| Fault::new(from, What::Kill(process)));
        killed.collect::<Vec<_>>()
    };
    let deploy = (0..8).map(|n| Fault::new(from + 3.7 * n as f64, What::Restart(n)));
    let join = (4..8).map(|n| Fault::new(from, What::Join(n)));
    let mut gone_and_empty = Fault::outage(from, to, Reach::Gone).to_vec();
    gone_and_empty.push(Fault::log(to - 1.0, LogFault::Empty));
    vec![
        ("nothing", Vec::new()),
        ("1 killed", kill(3..4)),
        ("4 killed", kill(2..6)),
        (
            "1 stands 60 s",
            vec![Fault::new(from, What::Stand(3, to - from))],
        ),
        ("restart in 30 s", deploy.collect()),
        ("4 join 4", join.collect()),
        ("gone 60 s", Fault::outage(from, to, Reach::Gone).to_vec()),
        ("hangs 60 s", Fault::outage(from, to, Reach::Hangs).to_vec()),
        ("gone and emptied", gone_and_empty),
        ("emptied", vec![Fault::log(from, LogFault::Empty)]),
        (
            "replica lags by 5",
            vec![Fault::log(from, LogFault::FailOver(5))],
        ),
        (
            "replica lags by 40",
            vec![Fault::log(from, LogFault::FailOver(40))],
        ),
        ("1 cut off 60 s", Fault::cut(3, from, to).to_vec()),
        ("slow 200 ms 60 s", Fault::slow(from, to, 0.1).to_vec()),
        (
            "clock + 1 h",
            vec![Fault::log(from, LogFault::Step(3600.0))],
        ),
        (
            "clock - 1 h",
            vec![Fault::log(from, LogFault::Step(-3600.0))],
        ),
        (
            "pushes lost 60 s",
            Fault::lossy(from, to, LogFault::LosePushes, 0.5).to_vec(),
        ),
        (
            "pushes twice 60 s",
            Fault::lossy(from, to, LogFault::DoublePushes, 0.5).to_vec(),
        ),
        (
            "answers lost 60 s",
            Fault::lossy(from, to, LogFault::LoseAnswers, 0.2).to_vec(),
        ),
    ]
}

/// The one of that name.
pub(crate) fn fault(name: &str) -> Vec<Fault> {
    let mut all = faults().into_iter();
    all.find(|(known, _)| *known == name).expect("a fault").1
}

pub(crate) fn head() -> String {
    format!(
        "{:<18} {:<10} {:<7} {:>3} | {:>6} {:>6} | {:>6} {:>6} {:>4} {:>5} {:>5} {:>5} {:>5} {:>5} {:>4} {:>5} {:>5}",
        "fault",
        "load",
        "meter",
        "n",
        "alone",
        "/ok",
        "x",
        "/ok",
        "lost",
        "share",
        "sent",
        "cmd",
        "idle",
        "back",
        "try",
        "log",
        "one x"
    )
}

pub(crate) struct Row {
    pub(crate) alone: Report,
    pub(crate) one: Option<Report>,
    pub(crate) fleet: Report,
}

impl Row {
    pub(crate) fn measure(plan: &Plan, with_one: bool) -> Self {
        Self {
            alone: plan.alone().run(),
            one: with_one.then(|| plan.one().run()),
            fleet: plan.run(),
        }
    }

    /// In the time of one process.
    pub(crate) fn time(&self) -> f64 {
        self.fleet.seconds / self.alone.seconds
    }

    /// How many more for each call than one process has.
    pub(crate) fn more_throttles(&self) -> f64 {
        self.fleet.throttles_per_ok() - self.alone.throttles_per_ok()
    }

    /// By ten seconds: what came to the server of what the limit brings, and refusals.
    pub(crate) fn course(&self) -> String {
        let course = self.fleet.course.iter();
        let pieces = course.map(|(part, throttles)| match throttles {
            0 => format!("{part:.1}"),
            _ => format!("{part:.1}-{throttles}"),
        });
        pieces.collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn line(&self) -> String {
        let fleet = &self.fleet;
        let mut line = format!(
            "{:>6.0} {:>6.3} | {:>6.3} {:>6.3} {:>4} {:>5.2} {:>5.2} {:>5.2} {:>5} {:>5.1} {:>4} {:>5}",
            self.alone.seconds,
            self.alone.throttles_per_ok(),
            self.time(),
            fleet.throttles_per_ok(),
            fleet.lost,
            fleet.least_share,
            fleet.most_sent,
            fleet.commands_per_ok(),
            fleet.idle_commands,
            fleet.back,
            fleet.attempts,
            fleet.longest_log,
        );
        if !fleet.disagree.is_empty() {
            let _ = write!(
                line,
                " {} opinions: {:?}",
                fleet.disagree.len(),
                fleet.disagree
            );
        }
        if let Some(one) = &self.one {
            let _ = write!(line, " {:>5.3}", one.seconds / self.alone.seconds);
        }
        line
    }
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn number(name: &str, otherwise: u64) -> u64 {
    set(name).map_or(otherwise, |set| set.parse().expect(name))
}

#[test]
#[ignore = "takes minutes: LOAD, METER, FAULT, FLEET, SEED, SEEDS, RTT, ONE and COURSE say what of"]
fn print() {
    let of = |name: &str, what: &str| set(name).is_none_or(|part| what.contains(&part));
    let fleets = set("FLEET").unwrap_or_else(|| "2,8,32,100".to_owned());
    let fleets: Vec<usize> = fleets
        .split(',')
        .map(|n| n.parse().expect("FLEET"))
        .collect();
    let first = number("SEED", 0);
    let round_trip = set("RTT").map_or(0.001, |set| set.parse().expect("RTT"));
    let fault = set("FAULT").unwrap_or_else(|| "nothing".to_owned());
    println!("{}", head());
    for (befalls, faults) in faults() {
        if fault != "all" && !befalls.contains(&fault) {
            continue;
        }
        for name in LOADS.iter().filter(|name| of("LOAD", name)) {
            for (meter_name, meter) in METERS.iter().filter(|(name, _)| of("METER", name)) {
                for &processes in &fleets {
                    for seed in first..first + number("SEEDS", 1) {
                        let plan = Plan {
                            round_trips: vec![round_trip],
                            ..Plan::new(load(name), *meter, seed)
                        };
                        let plan = plan.processes(processes).with(faults.clone());
                        let row = Row::measure(&plan, number("ONE", 0) == 1);
                        println!(
                            "{befalls:<18} {name:<10} {meter_name:<7} {processes:>3} | {}",
                            row.line()
                        );
                        if set("COURSE").is_some() {
                            println!("{}", row.course());
                        }
                    }
                }
            }
        }
    }
}
