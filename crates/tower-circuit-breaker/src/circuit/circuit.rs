use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::admission::{Admission, Holds};
use super::half_open::HalfOpen;
use super::open_time::{OpenTime, after};
use super::ramp::Ramp;
use super::trip_rules::{Ended, OnSuccess, TripRules};
use crate::classify::{Throttles, Verdict};
use crate::settings::Settings;
use crate::transition::OpenedBy;

mod begun;
mod shown;

pub(crate) use shown::Kept;

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
    rng: fastrand::Rng,
}

#[derive(Debug)]
enum Phase {
    Closed {
        since: Instant,
        forced: bool,
        /// While only a share of the calls is admitted.
        ramp: Option<Ramp>,
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
                ramp: None,
            },
            generation: 0,
            open_time: OpenTime::default(),
            called: false,
            rejections: 0,
            opened_by: None,
            rng: seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed),
        }
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

    /// Whether every call is admitted, and need not be told of when it is made. The first call is,
    /// so that the circuit tells of it.
    pub(crate) fn admits_all(&self) -> bool {
        match self.phase {
            Phase::Closed { ramp: None, .. } => self.called && !self.rules.is_watching(),
            Phase::Closed { .. } | Phase::Open { .. } | Phase::HalfOpen(_) => false,
        }
    }

    /// Admits a call, or says how long to wait.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<Admission, Duration> {
        let admitted = self.try_admit(now);
        self.rejections += u64::from(admitted.is_err());
        admitted
    }

    /// The same for a call that waits where it is not admitted.
    pub(crate) fn try_admit(&mut self, now: Instant) -> Result<Admission, Duration> {
        self.called = true;
        match self.phase {
            // Where calls neither succeed nor fail, nothing but the next call can tell.
            Phase::Closed { .. } => {
                if let Some(by) = self.rules.trips_by_now(now) {
                    self.trip(now, by, None);
                }
            }
            // A call and no timer moves it on: a circuit without calls costs nothing.
            Phase::Open { until: Some(until) } if now >= until => {
                self.enter(Phase::HalfOpen(HalfOpen::new()));
            }
            Phase::Open { .. } | Phase::HalfOpen(_) => {}
        }
        let holds = match &mut self.phase {
            Phase::Closed { ramp, .. } => {
                if let Some(ramp) = ramp {
                    ramp.admit(now, &mut self.rng)?;
                }
                ramp.take_if(|ramp| ramp.share(now).is_none());
                Holds::Nothing
            }
            Phase::Open { until: None } => return Err(self.settings.open_base),
            Phase::Open { until: Some(until) } => {
                return Err(until.saturating_duration_since(now));
            }
            Phase::HalfOpen(half_open) => Holds::Probe(half_open.admit(&self.settings, now)?),
        };
        Ok(Admission {
            generation: self.generation,
            holds,
        })
    }

    /// Whether an admission that nothing was made of yet still holds: the circuit has not changed,
    /// and no other probe has taken its place.
    pub(crate) fn still_admits(&self, admission: Admission) -> bool {
        admission.generation == self.generation
            && match &self.phase {
                Phase::HalfOpen(half_open) => half_open.holds(admission.probe()),
                Phase::Closed { .. } | Phase::Open { .. } => true,
            }
    }

    /// The service is about to be called. Asks again where the admission does not hold any more;
    /// nothing is left of it then that could be given back.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        mut admission: Admission,
    ) -> Result<Admission, Duration> {
        if !self.still_admits(admission) {
            admission = self.admit(now)?;
        }
        if let Phase::Closed { .. } = self.phase {
            admission.holds = self.rules.send(now).map_or(Holds::Nothing, Holds::Slot);
        }
        Ok(admission)
    }

    /// Counts the result of an admitted call; `sent` says when it was made, where a rule asks for
    /// it.
    pub(crate) fn record(
        &mut self,
        now: Instant,
        admission: Admission,
        verdict: Verdict,
        sent: Option<Instant>,
    ) {
        self.record_result(now, admission, verdict, sent, false);
    }

    /// `begun` where the success is that of a response that goes on.
    fn record_result(
        &mut self,
        now: Instant,
        admission: Admission,
        verdict: Verdict,
        sent: Option<Instant>,
        begun: bool,
    ) {
        if admission.generation != self.generation {
            return;
        }
        let rule = self.settings.rules.slow.as_ref();
        let slow = rule
            .zip(sent)
            .is_some_and(|(rule, sent)| now.saturating_duration_since(sent) >= rule.threshold);
        match self.phase {
            Phase::Closed { forced: true, .. } | Phase::Open { .. } => {}
            Phase::Closed { .. } => {
                // One that failed before it could be sent is judged as if sent at this moment.
                let unsent = || sent.is_none().then(|| self.rules.send(now)).flatten();
                let slot = admission.slot().or_else(unsent);
                let ended = |failed| Ended {
                    sent: sent.unwrap_or(now),
                    slot,
                    failed,
                    slow,
                    begun,
                };
                match verdict {
                    Verdict::Success => self.count(now, ended(false), None),
                    Verdict::Failure => self.count(now, ended(true), None),
                    Verdict::Throttled { retry_after } => match self.settings.throttles {
                        Throttles::Failure => self.count(now, ended(true), retry_after),
                        Throttles::Ignored => self.rules.pass(slot),
                    },
                    Verdict::Exhausted { retry_after } => self.exhaust(now, retry_after),
                    Verdict::Ignored | Verdict::Later => self.rules.pass(slot),
                }
            }
            Phase::HalfOpen(_) => {
                self.record_probe(now, admission, verdict, slow, sent.unwrap_or(now));
            }
        }
    }

    fn record_probe(
        &mut self,
        now: Instant,
        admission: Admission,
        verdict: Verdict,
        slow: bool,
        sent: Instant,
    ) {
        let Phase::HalfOpen(half_open) = &mut self.phase else {
            return;
        };
        let held = half_open.give_back(admission.probe());
        let failed = match verdict {
            // The rule for slow calls says that a slow service is unwell.
            Verdict::Success if slow => Some(None),
            Verdict::Success => {
                if half_open.succeed(&self.settings) {
                    self.recover(now);
                }
                None
            }
            Verdict::Failure => Some(None),
            // Whatever `throttles` says: a service that still throttles has not recovered.
            Verdict::Throttled { retry_after } => Some(retry_after),
            Verdict::Exhausted { retry_after } => {
                self.exhaust(now, retry_after);
                None
            }
            Verdict::Ignored | Verdict::Later => None,
        };
        if let Some(hint) = failed {
            self.rules.fail_probe(now, sent);
            if held {
                self.trip(now, OpenedBy::Probe, hint);
            }
        }
    }

    /// Opens for `time`, or until told otherwise.
    pub(crate) fn force_open(&mut self, now: Instant, time: Option<Duration>) {
        self.open(OpenedBy::Forced, time.map(|time| after(now, time)));
    }

    /// Closes, whatever the results, until told otherwise.
    pub(crate) fn force_closed(&mut self, now: Instant) {
        self.close(now, true, None);
    }

    /// Makes the circuit as it was when it was new.
    pub(crate) fn reset(&mut self, now: Instant) {
        self.open_time.start_over();
        (self.opened_by, self.rejections) = (None, 0);
        self.rules = TripRules::new(&self.settings.rules, now);
        self.close(now, false, None);
    }

    /// What its rules count.
    pub(crate) fn rules(&mut self) -> &mut TripRules {
        &mut self.rules
    }

    fn count(&mut self, now: Instant, call: Ended, hint: Option<Duration>) {
        if let Some(by) = self.rules.count(&self.settings.rules, now, call) {
            self.trip(now, by, hint);
        }
    }

    fn trip(&mut self, now: Instant, by: OpenedBy, hint: Option<Duration>) {
        if let Phase::Closed { since, .. } = self.phase {
            // Only a circuit that stayed closed has recovered. One that trips again at once goes on
            // doubling: otherwise a service that flaps would be probed at the shortest time for
            // ever. A rule may take a minute to find out that it should not have closed.
            const MINUTE: Duration = Duration::from_secs(60);
            let recovered = self.settings.open_cap.max(MINUTE);
            if now.saturating_duration_since(since) >= recovered {
                self.open_time.start_over();
            }
        }
        let time = self.open_time.next(&self.settings, &mut self.rng);
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

    /// Closes after probes that succeeded.
    fn recover(&mut self, now: Instant) {
        let length = self.settings.ramp;
        let ramp = (!length.is_zero()).then(|| Ramp::new(now, length));
        self.close(now, false, ramp);
    }

    fn close(&mut self, now: Instant, forced: bool, ramp: Option<Ramp>) {
        self.enter(Phase::Closed {
            since: now,
            forced,
            ramp,
        });
        self.rules.clear(now);
    }

    fn enter(&mut self, phase: Phase) {
        // The calls it watched belong to the generation that ends here.
        self.rules.stop_watching();
        self.phase = phase;
        self.generation = self.generation.wrapping_add(1);
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
