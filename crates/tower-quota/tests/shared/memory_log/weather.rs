//! What befalls the server and the ways to it.

use std::time::Duration;

use fastrand::Rng;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reach {
    #[default]
    Up,
    /// Who asks is told at once that there is nobody.
    Gone,
    /// It takes what it is asked, and never answers.
    Hangs,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Weather {
    pub(crate) reach: Reach,
    /// How much longer each way takes.
    pub(crate) slow: Duration,
    /// The part of what is pushed that is lost.
    pub(crate) lost_pushes: f64,
    /// The part that comes twice.
    pub(crate) double_pushes: f64,
    /// The part of the answers that are lost, though what was asked was done.
    pub(crate) lost_answers: f64,
    /// Whether only this process is affected by what is lost.
    pub(crate) only: Option<usize>,
}

impl Weather {
    pub(super) fn loses_answer(&self, process: usize, rng: &mut Rng) -> bool {
        self.affects(process) && rng.f64() < self.lost_answers
    }

    /// How often something is pushed to a process.
    pub(super) fn pushes(&self, process: usize, rng: &mut Rng) -> usize {
        if !self.affects(process) {
            return 1;
        }
        match rng.f64() {
            lot if lot < self.lost_pushes => 0,
            lot if lot < self.lost_pushes + self.double_pushes => 2,
            _ => 1,
        }
    }

    fn affects(&self, process: usize) -> bool {
        self.only.is_none_or(|only| only == process)
    }
}
