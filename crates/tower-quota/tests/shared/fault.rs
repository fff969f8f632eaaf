//! What befalls a fleet, and when.

use std::time::Duration;

use crate::memory_log::{MemoryLog, Reach};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fault {
    /// In seconds.
    pub(crate) at: f64,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    /// A process is there from then on.
    Join(usize),
    Kill(usize),
    /// It is killed, and returns soon.
    Restart(usize),
    Return(usize),
    /// It does nothing for so many seconds.
    Stand(usize, f64),
    Log(LogFault),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LogFault {
    Reach(Reach),
    /// Each way takes so many seconds longer.
    Slow(f64),
    Empty,
    /// To a replica that lacks the last entries.
    FailOver(usize),
    /// Of the server's clock, by seconds.
    Step(f64),
    Cut(usize, bool),
    LosePushes(f64),
    DoublePushes(f64),
    LoseAnswers(f64),
}

impl Fault {
    pub(crate) fn new(at: f64, what: What) -> Self {
        Self { at, what }
    }

    pub(crate) fn log(at: f64, what: LogFault) -> Self {
        Self::new(at, What::Log(what))
    }

    /// The log is not reached for a time.
    pub(crate) fn outage(from: f64, to: f64, reach: Reach) -> [Self; 2] {
        [(from, reach), (to, Reach::Up)].map(|(at, reach)| Self::log(at, LogFault::Reach(reach)))
    }

    pub(crate) fn cut(process: usize, from: f64, to: f64) -> [Self; 2] {
        [(from, true), (to, false)].map(|(at, cut)| Self::log(at, LogFault::Cut(process, cut)))
    }

    pub(crate) fn slow(from: f64, to: f64, seconds: f64) -> [Self; 2] {
        [(from, seconds), (to, 0.0)].map(|(at, slow)| Self::log(at, LogFault::Slow(slow)))
    }

    /// For a time.
    pub(crate) fn lossy(from: f64, to: f64, what: fn(f64) -> LogFault, part: f64) -> [Self; 2] {
        [(from, part), (to, 0.0)].map(|(at, part)| Self::log(at, what(part)))
    }
}

impl LogFault {
    /// `member` is what the log knows a process as.
    pub(crate) fn befall(self, log: &MemoryLog, member: impl Fn(usize) -> Option<usize>) {
        match self {
            Self::Reach(reach) => log.set(|weather| weather.reach = reach),
            Self::Slow(seconds) => {
                log.set(|weather| weather.slow = Duration::from_secs_f64(seconds));
            }
            Self::Empty => log.empty(),
            Self::FailOver(entries) => log.fail_over(entries),
            Self::Step(seconds) => log.step(seconds),
            Self::Cut(process, cut) => {
                if let Some(member) = member(process) {
                    log.cut(member, cut);
                }
            }
            Self::LosePushes(part) => log.set(|weather| weather.lost_pushes = part),
            Self::DoublePushes(part) => log.set(|weather| weather.double_pushes = part),
            Self::LoseAnswers(part) => log.set(|weather| weather.lost_answers = part),
        }
    }
}
