use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use super::runtime::{Alarm, Runtime, Set, now};

/// How much later than the first alarm the others ring.
const GRACE: Duration = Duration::from_secs(1);

/// An alarm that has not rung so long after it was due is taken to stand still.
const LATE: Duration = Duration::from_millis(100);

/// The alarms of one key: one for each runtime that calls wait in.
///
/// A runtime may stand still, as one does whose `block_on` has returned, and nobody is told. So
/// the first alarm is set for the next turn; the others ring some time later, and mostly find that
/// they have nothing to do. If the first has not rung by then, another one becomes the first.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    alarms: Vec<Alarm>,
}

impl Alarms {
    /// Whether there is one in `runtime`.
    pub(crate) fn has(&self, runtime: &Runtime) -> bool {
        self.alarms.iter().any(|alarm| alarm.runtime() == runtime)
    }

    pub(crate) fn add(&mut self, alarm: Alarm) {
        if !self.has(alarm.runtime()) {
            self.alarms.push(alarm);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.alarms.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        if !self.alarms.is_empty() {
            *self = Self::default();
        }
    }

    /// One of them rang, or its runtime shuts down.
    pub(crate) fn rang(&mut self, now: Instant) {
        self.alarms.retain(|alarm| alarm.runtime().is_running());
        // One that rings is of a runtime that goes on.
        let rang = self.alarms.iter().position(Alarm::is_over);
        if let Some(rang) = rang.filter(|_| self.first_is_late(now)) {
            self.alarms.swap(0, rang);
        }
    }

    fn first_is_late(&self, now: Instant) -> bool {
        self.alarms.first().is_some_and(|first| {
            !first.is_over() && first.due().is_some_and(|due| due + LATE <= now)
        })
    }

    /// Lets `waker` be called at `at`.
    pub(crate) fn set(&mut self, at: Instant, waker: &Waker) -> Set {
        let now = now();
        if self.alarms.len() > 1 && self.first_is_late(now) {
            self.alarms.rotate_left(1);
        }
        // Not left to the first to find out: if it stands still, so does its time.
        if at <= now {
            return Set::Over;
        }
        while let Some(first) = self.alarms.first_mut() {
            if first.due() == Some(at) && !first.is_over() {
                break;
            }
            match first.set(at, waker) {
                Set::Rings => break,
                Set::Over => return Set::Over,
                Set::Gone => drop(self.alarms.remove(0)),
            }
        }
        let mut others = 1;
        while let Some(other) = self.alarms.get_mut(others) {
            if other.is_over() && other.set(at + GRACE, waker) == Set::Gone {
                self.alarms.remove(others);
            } else {
                others += 1;
            }
        }
        if self.alarms.is_empty() {
            Set::Gone
        } else {
            Set::Rings
        }
    }

    /// Rings the next one of these runtimes. Says when that was due.
    #[cfg(all(test, loom))]
    pub(crate) fn ring(&mut self, runtimes: &[super::runtime::Id]) -> Option<(Instant, Runtime)> {
        let alarms = self.alarms.iter_mut();
        let next = alarms
            .filter(|alarm| !alarm.is_over() && runtimes.contains(&alarm.runtime().id))
            .min_by_key(|alarm| alarm.due())?;
        next.ring();
        Some((next.due()?, next.runtime().clone()))
    }
}
