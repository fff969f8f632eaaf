//! The way to the server and back, which takes never the same time twice.

use std::time::Duration;

use fastrand::Rng;

use super::workload::Workload;

/// What a way takes on average, in seconds.
pub(crate) const WAY: f64 = 0.035;

#[derive(Debug)]
pub(crate) struct Network {
    rng: Rng,
    /// One refusal of twenty takes up to two and a half seconds.
    slow_refusals: bool,
    strays: f64,
}

impl Network {
    pub(crate) fn new(seed: u64, workload: &Workload) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            slow_refusals: workload.slow_refusals,
            strays: workload.strays,
        }
    }

    /// Whether the server refuses a call for reasons of its own.
    pub(crate) fn goes_astray(&mut self) -> bool {
        self.strays > 0.0 && self.rng.f64() < self.strays
    }

    pub(crate) fn way(&mut self) -> Duration {
        self.between(WAY - 0.01, WAY + 0.01)
    }

    /// From a refusal to its coming back.
    pub(crate) fn refusal(&mut self) -> Duration {
        let slow = self.slow_refusals && self.rng.f64() < 0.05;
        let thinking = if slow { (0.5, 2.5) } else { (0.03, 0.1) };
        self.between(thinking.0, thinking.1) + self.way()
    }

    fn between(&mut self, least: f64, most: f64) -> Duration {
        Duration::from_secs_f64(least + (most - least) * self.rng.f64())
    }
}
