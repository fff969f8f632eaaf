//! How near to the oracle the layer has to be.

use std::fmt;

use crate::cell::{Cell, Score};
use crate::metered::server::Meter;
use crate::metered::workload::{Told, Workload};

/// Mean waits may differ by so much, whatever the oracle's is: a second.
const SHORT: f64 = 1.0;

/// Cells that are known to miss the bound of time and wait, and what they hold instead: they must
/// not get worse.
const MISSES: [(&str, f64); 1] = [
    // A window forgets debts, so the oracle overspends it; whose answers come late learns late
    // where the window begins.
    ("burndown 5 on fixed", 2.2),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Told the truth, with the quota to itself.
    Plain,
    /// The same where calls come to more than they reserve.
    Debts,
    /// The same where some are refused for no reason.
    Strays,
    Neighbours,
    ToldWrong,
    ToldNothing,
    Processes,
}

/// The most that holds, by the median of the seeds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Of time and mean wait, in the oracle's.
    pub(crate) time: f64,
    pub(crate) throttles_per_ok: f64,
    /// That many are forgiven, however few calls there are.
    pub(crate) throttles: usize,
    pub(crate) back: f64,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Plain,
        Self::Debts,
        Self::Strays,
        Self::Neighbours,
        Self::ToldWrong,
        Self::ToldNothing,
        Self::Processes,
    ];

    pub(crate) fn of(workload: &Workload) -> Self {
        match workload.told {
            _ if workload.processes > 1 => Self::Processes,
            _ if !workload.neighbours.is_empty() => Self::Neighbours,
            Told::Nothing => Self::ToldNothing,
            Told::Times(_) | Told::Burst(_) => Self::ToldWrong,
            Told::Truth if workload.burndown > 1.0 => Self::Debts,
            Told::Truth if workload.strays > 0.0 => Self::Strays,
            Told::Truth => Self::Plain,
        }
    }
}

impl Bounds {
    pub(crate) fn of(cell: &Cell) -> Self {
        let workload = &cell.workload;
        let bucket = matches!(cell.meter, Meter::Bucket(_));
        let time = match Kind::of(workload) {
            Kind::Plain => 1.1,
            Kind::Debts if bucket => 1.3,
            // The oracle overspends: a window forgets debts.
            Kind::Debts => 1.9,
            // The rate, and less of what the meter would take at once: its size is told by refusals.
            Kind::Strays => 2.0,
            Kind::Neighbours => 1.3,
            Kind::ToldWrong => match workload.told {
                // What it is told is a ceiling.
                Told::Times(times) if times < 1.0 => 1.15 / times,
                _ => 1.3,
            },
            Kind::ToldNothing | Kind::Processes if workload.over > 1.0 => 1.5,
            Kind::ToldNothing => 1.25,
            Kind::Processes => 1.5,
        };
        let throttles_per_ok = match Kind::of(workload) {
            Kind::Plain | Kind::Strays => 0.02,
            // None knows of the others.
            Kind::Processes => 0.2,
            Kind::Debts | Kind::Neighbours | Kind::ToldWrong | Kind::ToldNothing => 0.05,
        };
        Self {
            time,
            throttles_per_ok,
            throttles: 8,
            back: 180.0,
        }
    }

    /// The same with some room, for tests that always run.
    pub(crate) fn with_room(self) -> Self {
        Self {
            time: self.time + 0.05,
            throttles_per_ok: self.throttles_per_ok + 0.01,
            throttles: self.throttles + 4,
            back: self.back + 30.0,
        }
    }

    /// The same with what a cell that misses the bound is known to hold.
    pub(crate) fn or_known_miss(self, cell: &Cell) -> Self {
        let name = cell.to_string();
        let miss = MISSES.iter().find(|(missing, _)| *missing == name);
        Self {
            time: miss.map_or(self.time, |(_, time)| *time),
            ..self
        }
    }

    /// What does not hold.
    pub(crate) fn broken(&self, scores: &[Score]) -> Vec<Broken> {
        let wait = median(scores, |score| {
            (score.wait - SHORT).max(0.0) / score.oracle_wait.max(f64::MIN_POSITIVE)
        });
        let few = median(scores, |score| score.throttles as f64) <= self.throttles as f64;
        let throttles = median(scores, |score| score.throttles_per_ok);
        let back = median(scores, |score| score.back.unwrap_or(0.0));
        let checks = [
            (
                Broken::Time,
                median(scores, |score| score.time) <= self.time,
            ),
            (Broken::Wait, wait <= self.time),
            (Broken::Throttles, few || throttles <= self.throttles_per_ok),
            (Broken::Back, back <= self.back),
            (
                Broken::Unfinished,
                scores.iter().all(|score| score.finished),
            ),
        ];
        let broken = checks.into_iter().filter(|(_, holds)| !holds);
        broken.map(|(what, _)| what).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    Time,
    Wait,
    Throttles,
    Back,
    Unfinished,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Time => "time",
            Self::Wait => "wait",
            Self::Throttles => "throttles",
            Self::Back => "back",
            Self::Unfinished => "unfinished",
        })
    }
}

pub(crate) fn median(scores: &[Score], of: impl Fn(&Score) -> f64) -> f64 {
    let mut all: Vec<f64> = scores.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    let (low, high) = (all[(all.len() - 1) / 2], all[all.len() / 2]);
    if low < high {
        f64::midpoint(low, high)
    } else {
        low
    }
}

pub(crate) fn worst(scores: &[Score], of: impl Fn(&Score) -> f64) -> f64 {
    scores.iter().map(of).fold(0.0, f64::max)
}
