use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::admission::Admission;
use super::half_open::HalfOpen;
use super::open_time::{OpenTime, after};
use super::opened_by::OpenedBy;
use super::state::State;
use super::trip_rules::{OnSuccess, TripRules};
use crate::classify::{Throttles, Verdict};
use crate::settings::Settings;

/// The state machine of one circuit: decisions only, at the `now` it is given.
#[derive(Debug)]
pub(crate) struct Circuit {
    settings: Arc<Settings>,
    phase: Phase,
    /// Grows with every change of phase. A result counts only in the generation that admitted its
    /// call: one from before tells about a service that has been judged already.
    generation: u32,
    rules: TripRules,
    open_time: OpenTime,
    /// Whether a call has come.
    called: bool,
    rejections: u64,
    /// Why it opened last.
    opened_by: Option<OpenedBy>,
}

/// Until when a circuit says something that a new one would not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    Not,
    Until(Instant),
    ForGood,
}

#[derive(Debug)]
enum Phase {
    Closed {
        since: Instant,
        forced: bool,
    },
    /// `None` if it was forced open: then it stays open.
    Open {
        until: Option<Instant>,
    },
    HalfOpen(HalfOpen),
}

impl Circuit {
    pub(crate) fn new(settings: Arc<Settings>, seed: Option<u64>, now: Instant) -> Self {
        Self {
            rules: TripRules::new(&settings.rules, now),
            settings,
            phase: Phase::Closed {
                since: now,
                forced: false,
            },
            generation: 0,
            open_time: OpenTime::new(seed),
            called: false,
            rejections: 0,
            opened_by: None,
        }
    }

    pub(crate) fn state(&self) -> State {
        match self.phase {
            Phase::Closed { .. } => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen(_) => State::HalfOpen,
        }
    }

    /// Whether it is open because the service is exhausted.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.state() == State::Open && self.opened_by == Some(OpenedBy::Exhausted)
    }

    /// Whether a call has come since it was made.
    pub(crate) fn was_called(&self) -> bool {
        self.called
    }

    /// The calls that it rejected.
    pub(crate) fn rejections(&self) -> u64 {
        self.rejections
    }

    /// Why it opened last; `None` if it never did.
    pub(crate) fn opened_by(&self) -> Option<OpenedBy> {
        self.opened_by
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// What a success that is not slow would do.
    pub(crate) fn on_success(&self) -> OnSuccess {
        match self.phase {
            Phase::Closed { forced: true, .. } => OnSuccess::Skip,
            Phase::Closed { forced: false, .. } => self.rules.on_success(),
            Phase::Open { .. } | Phase::HalfOpen(_) => OnSuccess::Record,
        }
    }

    /// Admits a call, or says how long to wait.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<Admission, Duration> {
        self.called = true;
        let admitted = self.decide(now);
        self.rejections += u64::from(admitted.is_err());
        admitted
    }

    fn decide(&mut self, now: Instant) -> Result<Admission, Duration> {
        match self.phase {
            Phase::Closed { .. } | Phase::HalfOpen(_) => {}
            Phase::Open { until: None } => return Err(self.settings.open_base),
            Phase::Open { until: Some(until) } if now < until => return Err(until - now),
            // A call and no timer moves it on: a circuit without calls costs nothing.
            Phase::Open { until: Some(_) } => self.enter(Phase::HalfOpen(HalfOpen::new())),
        }
        let probe = match &mut self.phase {
            Phase::HalfOpen(half_open) => Some(half_open.admit(&self.settings, now)?),
            Phase::Closed { .. } | Phase::Open { .. } => None,
        };
        Ok(Admission {
            generation: self.generation,
            probe,
        })
    }

    /// Counts the result of an admitted call that took `took`.
    pub(crate) fn record(
        &mut self,
        now: Instant,
        admission: Admission,
        verdict: Verdict,
        took: Option<Duration>,
    ) {
        if admission.generation != self.generation {
            return;
        }
        let rule = self.settings.rules.slow.as_ref();
        let slow = rule
            .zip(took)
            .is_some_and(|(rule, took)| took >= rule.threshold);
        match &mut self.phase {
            Phase::Closed { forced: true, .. } | Phase::Open { .. } => {}
            Phase::Closed { .. } => match verdict {
                Verdict::Success => self.count(now, false, slow, None),
                Verdict::Failure => self.count(now, true, slow, None),
                Verdict::Throttled { retry_after } => match self.settings.throttles {
                    Throttles::Failure => self.count(now, true, slow, retry_after),
                    Throttles::Ignored => {}
                },
                Verdict::Exhausted { retry_after } => self.exhaust(now, retry_after),
                Verdict::Ignored => {}
            },
            Phase::HalfOpen(half_open) => {
                half_open.give_back(admission.probe);
                match verdict {
                    // The rule for slow calls says that a slow service is unwell.
                    Verdict::Success if slow => self.trip(now, OpenedBy::Probe, None),
                    Verdict::Success => {
                        if half_open.succeed(&self.settings) {
                            self.close(now, false);
                        }
                    }
                    Verdict::Failure => self.trip(now, OpenedBy::Probe, None),
                    // Whatever `throttles` says: a service that still throttles has not recovered.
                    Verdict::Throttled { retry_after } => {
                        self.trip(now, OpenedBy::Probe, retry_after);
                    }
                    Verdict::Exhausted { retry_after } => self.exhaust(now, retry_after),
                    Verdict::Ignored => {}
                }
            }
        }
    }

    /// Opens for `time`, or until told otherwise.
    pub(crate) fn force_open(&mut self, now: Instant, time: Option<Duration>) {
        self.open(OpenedBy::Forced, time.map(|time| after(now, time)));
    }

    /// Closes, whatever the results, until told otherwise.
    pub(crate) fn force_closed(&mut self, now: Instant) {
        self.close(now, true);
    }

    /// Makes the circuit as it was when it was new.
    pub(crate) fn reset(&mut self, now: Instant) {
        self.open_time.start_over();
        (self.opened_by, self.rejections) = (None, 0);
        self.close(now, false);
    }

    /// When a circuit that is open stops being so by itself.
    pub(crate) fn open_until(&self) -> Option<Instant> {
        match self.phase {
            Phase::Open { until } => until,
            Phase::Closed { .. } | Phase::HalfOpen(_) => None,
        }
    }

    /// Whether it stays as it is, open or closed, until told otherwise or, where it was forced open
    /// for a time, until that is over.
    pub(crate) fn is_forced(&self, now: Instant) -> bool {
        match self.phase {
            Phase::Open { until } => {
                self.opened_by == Some(OpenedBy::Forced) && until.is_none_or(|until| now < until)
            }
            Phase::Closed { forced, .. } => forced,
            Phase::HalfOpen(_) => false,
        }
    }

    /// Until when it is worth keeping although no call is under way.
    pub(crate) fn kept_until(&self, now: Instant) -> Kept {
        match self.phase {
            Phase::Open { until: Some(until) } if now < until => Kept::Until(until),
            Phase::Open { until: None } | Phase::Closed { forced: true, .. } => Kept::ForGood,
            // A circuit that waits for its next probe does what a new one does: it lets that pass.
            _ => Kept::Not,
        }
    }

    /// The probes under way whose lease has not ended.
    pub(crate) fn probes(&self, now: Instant) -> usize {
        match &self.phase {
            Phase::HalfOpen(half_open) => half_open.probes(now),
            Phase::Closed { .. } | Phase::Open { .. } => 0,
        }
    }

    /// What its rules count.
    pub(crate) fn rules(&mut self) -> &mut TripRules {
        &mut self.rules
    }

    fn count(&mut self, now: Instant, failed: bool, slow: bool, hint: Option<Duration>) {
        let met = self.rules.count(&self.settings.rules, now, failed, slow);
        if let Some(by) = met {
            self.trip(now, by, hint);
        }
    }

    fn trip(&mut self, now: Instant, by: OpenedBy, hint: Option<Duration>) {
        if let Phase::Closed { since, .. } = self.phase {
            // Only a circuit that stayed closed has recovered. One that trips again at once goes on
            // doubling: otherwise a service that flaps would be probed at the shortest time for
            // ever.
            if now.saturating_duration_since(since) >= self.settings.open_cap {
                self.open_time.start_over();
            }
        }
        let time = self.open_time.next(&self.settings);
        let hint = hint.unwrap_or_default().min(self.settings.max_hint());
        self.open(by, Some(after(now, time.max(hint))));
    }

    /// The time neither doubles nor has jitter: the hint says when the quota is full again.
    fn exhaust(&mut self, now: Instant, hint: Option<Duration>) {
        let time = hint.map_or(self.settings.exhausted_for, |hint| {
            hint.min(self.settings.max_exhausted_hint)
        });
        self.open(OpenedBy::Exhausted, Some(after(now, time)));
    }

    fn open(&mut self, by: OpenedBy, until: Option<Instant>) {
        self.enter(Phase::Open { until });
        self.opened_by = Some(by);
    }

    fn close(&mut self, now: Instant, forced: bool) {
        self.rules.clear(now);
        self.enter(Phase::Closed { since: now, forced });
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.generation = self.generation.wrapping_add(1);
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
