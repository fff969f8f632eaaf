use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

/// What came of one call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    /// A stream ended with an event that says why.
    BrokenAndTold,
    /// A stream just ended, or an answer broke off.
    BrokenUntold,
    /// The server said no, by status and the end of the problem's type.
    Refused(String),
    /// Nothing came.
    Unreachable(String),
}

/// What a server that ends says to whoever waits, or comes on a connection of before.
const CLOSED: &str = "503 closed";

/// What came of all calls.
#[derive(Debug, Default, Serialize)]
pub(super) struct Outcomes {
    pub(super) calls: u64,
    pub(super) answered: u64,
    pub(super) cached: u64,
    pub(super) broken_and_told: u64,
    pub(super) broken_untold: u64,
    /// By what was said.
    pub(super) failed: BTreeMap<String, u64>,
    /// After SIGTERM: those whom the server, or its closed port, turned away.
    pub(super) turned_away: u64,
    #[serde(skip)]
    pub(super) times: Vec<Duration>,
}

impl Outcomes {
    pub(super) fn add(&mut self, outcome: Outcome, time: Duration, is_draining: bool) {
        self.calls += 1;
        match outcome {
            Outcome::Answered => {
                self.answered += 1;
                self.times.push(time);
            }
            Outcome::BrokenAndTold => self.broken_and_told += 1,
            Outcome::BrokenUntold => self.broken_untold += 1,
            Outcome::Unreachable(_) if is_draining => self.turned_away += 1,
            Outcome::Refused(said) if is_draining && said == CLOSED => self.turned_away += 1,
            Outcome::Refused(said) | Outcome::Unreachable(said) => {
                *self.failed.entry(said).or_default() += 1;
            }
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        self.calls += other.calls;
        self.answered += other.answered;
        self.cached += other.cached;
        self.broken_and_told += other.broken_and_told;
        self.broken_untold += other.broken_untold;
        self.turned_away += other.turned_away;
        self.times.extend(other.times);
        for (said, times) in other.failed {
            *self.failed.entry(said).or_default() += times;
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.broken_untold + self.failed.values().sum::<u64>()
    }
}
