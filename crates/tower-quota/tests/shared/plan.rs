//! What a fleet has to do, and what befalls it meanwhile.

use std::time::Duration;

use crate::fault::{Fault, What};
use crate::fleet;
use crate::metered::server::Meter;
use crate::metered::workload::known::named;
use crate::metered::workload::{Arrivals, Workload};
use crate::report::Report;
use crate::work::Deal;

/// A process that was restarted is there again after that, in seconds.
const RESTART: f64 = 2.0;

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) workload: Workload,
    pub(crate) meter: Meter,
    pub(crate) processes: usize,
    /// Of each process.
    pub(crate) workers: usize,
    pub(crate) deal: Deal,
    /// To the log and back, in seconds; where there are fewer than processes, in turn.
    pub(crate) round_trips: Vec<f64>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) seed: u64,
    /// Without a log each process is alone.
    pub(crate) log: bool,
    /// Who takes longer is stuck, in seconds.
    pub(crate) most: f64,
}

impl Plan {
    /// Eight processes with fifty workers each, a millisecond from the log.
    pub(crate) fn new(workload: Workload, meter: Meter, seed: u64) -> Self {
        Self {
            workload,
            meter,
            processes: 8,
            workers: 50,
            deal: Deal::Even,
            round_trips: vec![0.001],
            faults: Vec::new(),
            seed,
            log: true,
            most: 6000.0,
        }
    }

    pub(crate) fn processes(self, processes: usize) -> Self {
        Self { processes, ..self }
    }

    pub(crate) fn pooled(self) -> Self {
        Self {
            deal: Deal::Pool,
            ..self
        }
    }

    pub(crate) fn with(mut self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.faults.extend(faults);
        self
    }

    /// One process with all the workers, that nothing befalls.
    pub(crate) fn one(&self) -> Self {
        Self {
            processes: 1,
            workers: self.processes * self.workers,
            faults: Vec::new(),
            ..self.clone()
        }
    }

    /// The same without a log.
    pub(crate) fn alone(&self) -> Self {
        Self {
            log: false,
            ..self.one()
        }
    }

    pub(crate) fn run(&self) -> Report {
        fleet::run(self)
    }

    /// What befalls whom, in order.
    pub(crate) fn script(&self) -> Vec<Fault> {
        let returns = self.faults.iter().filter_map(|fault| match fault.what {
            What::Restart(process) => Some(Fault::new(fault.at + RESTART, What::Return(process))),
            _ => None,
        });
        let mut script: Vec<_> = self.faults.iter().copied().chain(returns).collect();
        script.sort_by(|one, other| one.at.total_cmp(&other.at));
        script
    }

    /// When the last fault is over.
    pub(crate) fn over(&self) -> Duration {
        let script = self.script().into_iter();
        let ends = script.map(|fault| match fault.what {
            What::Stand(_, seconds) => fault.at + seconds,
            _ => fault.at,
        });
        Duration::from_secs_f64(ends.fold(0.0, f64::max))
    }

    /// Whether the process is there from the beginning.
    pub(crate) fn begins(&self, process: usize) -> bool {
        let joins = What::Join(process);
        self.faults.iter().all(|fault| fault.what != joins)
    }

    pub(crate) fn stands(&self, process: usize, at: f64) -> bool {
        let stands = self.stands_from_to();
        let mut of = stands.filter(|(who, ..)| *who == process);
        of.any(|(_, from, to)| from <= at && at < to)
    }

    /// Those who stand still at any time.
    pub(crate) fn standing(&self) -> Vec<usize> {
        let mut standing: Vec<_> = self.stands_from_to().map(|(who, ..)| who).collect();
        standing.sort_unstable();
        standing.dedup();
        standing
    }

    fn stands_from_to(&self) -> impl Iterator<Item = (usize, f64, f64)> {
        self.faults.iter().filter_map(|fault| match fault.what {
            What::Stand(process, seconds) => Some((process, fault.at, fault.at + seconds)),
            _ => None,
        })
    }
}

/// The workloads that fleets are measured by, ten minutes' quota each, or what a hundred minutes would be if all
/// came to what they reserve.
pub(crate) fn load(name: &str) -> Workload {
    let (name, count) = match name {
        "60 RPM" => ("60 calls", Some(600)),
        "200k, 1x" => ("equal, reserve 1 x", None),
        "200k, 5x" => ("equal, reserve 5 x", None),
        "200k, 10x" => ("equal, reserve 10 x", None),
        "agents 32k" => ("agents, 32k reserved", Some(400)),
        _ => unreachable!("no such load: {name}"),
    };
    Workload {
        count,
        arrivals: Arrivals::Workers(0),
        ..named(name)
    }
}

pub(crate) const LOADS: [&str; 5] = ["60 RPM", "200k, 1x", "200k, 5x", "200k, 10x", "agents 32k"];
pub(crate) const METERS: [(&str, Meter); 5] = [
    ("1.5 s", Meter::Bucket(1.5)),
    ("10 s", Meter::Bucket(10.0)),
    ("60 s", Meter::Bucket(60.0)),
    ("fixed", Meter::Fixed),
    ("sliding", Meter::Sliding),
];

pub(crate) fn meter(name: &str) -> Meter {
    let found = METERS.iter().find(|(known, _)| *known == name);
    found.expect("a meter").1
}
