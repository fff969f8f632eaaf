use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

use super::open_time::{OpenTime, after};
use super::state::State;
use crate::classify::{Throttles, Verdict};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::window::RollingRate;

/// The state machine of one circuit: decisions only, at the `now` it is given.
#[derive(Debug)]
pub(crate) struct Circuit {
    phase: Phase,
    /// Grows with every change of phase; a result counts only in the generation that admitted it.
    generation: u32,
    /// The run of failures that the last counted call ended or continued.
    consecutive: u32,
    failures: Option<RollingRate>,
    slow: Option<RollingRate>,
    open_time: OpenTime,
    last_probe: u32,
    /// Whether it is open because the service is exhausted.
    exhausted: bool,
}

#[derive(Debug)]
enum Phase {
    Closed {
        since: Instant,
        forced: bool,
    },
    /// Without an end where it was forced.
    Open {
        until: Option<Instant>,
    },
    HalfOpen {
        probes: Vec<Lease>,
        successes: u32,
    },
}

#[derive(Debug)]
struct Lease {
    probe: NonZeroU32,
    ends: Instant,
}

/// Leave to call the inner service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    pub(crate) generation: u32,
    /// The probe's number, where the call is one.
    pub(crate) probe: Option<NonZeroU32>,
}

/// What a success means to a circuit. It never trips one, so that successes need not be looked at
/// one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnSuccess {
    Skip,
    /// It is counted, by itself or together with others.
    Batch,
    Record,
}

impl Circuit {
    pub(crate) fn new(settings: &Settings, seed: Option<u64>, now: Instant) -> Self {
        let rules = &settings.rules;
        Self {
            phase: Phase::Closed {
                since: now,
                forced: false,
            },
            generation: 0,
            consecutive: 0,
            failures: rules
                .failures
                .as_ref()
                .map(|rate| RollingRate::new(rate, now)),
            slow: rules
                .slow
                .as_ref()
                .map(|slow| RollingRate::new(&slow.rate, now)),
            open_time: OpenTime::new(seed),
            last_probe: 0,
            exhausted: false,
        }
    }

    pub(crate) fn state(&self) -> State {
        match self.phase {
            Phase::Closed { .. } => State::Closed,
            Phase::Open { .. } => State::Open,
            Phase::HalfOpen { .. } => State::HalfOpen,
        }
    }

    pub(crate) fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// What a success that is not slow would do.
    pub(crate) fn on_success(&self) -> OnSuccess {
        match self.phase {
            Phase::Closed { forced: true, .. } => OnSuccess::Skip,
            Phase::Closed { forced: false, .. } => {
                if self.failures.is_some() || self.slow.is_some() {
                    OnSuccess::Batch
                } else if self.consecutive == 0 {
                    OnSuccess::Skip
                } else {
                    OnSuccess::Record
                }
            }
            Phase::Open { .. } | Phase::HalfOpen { .. } => OnSuccess::Record,
        }
    }

    /// Until when successes can be absorbed later, in one go; `None`: at any time.
    pub(crate) fn batch_until(&self) -> Option<Instant> {
        let ends = |rate: &Option<RollingRate>| rate.as_ref().and_then(RollingRate::batch_until);
        match (ends(&self.failures), ends(&self.slow)) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Counts successes of this generation that came before [`batch_until`](Self::batch_until).
    pub(crate) fn count_successes(&mut self, successes: u32) {
        if successes == 0 {
            return;
        }
        self.consecutive = 0;
        for rate in [&mut self.failures, &mut self.slow].into_iter().flatten() {
            rate.push_good(successes);
        }
    }

    /// Admits a call, or says how long to wait.
    pub(crate) fn admit(
        &mut self,
        settings: &Settings,
        now: Instant,
    ) -> Result<Admission, Duration> {
        match self.phase {
            Phase::Closed { .. } => return Ok(self.admission(None)),
            Phase::Open { until: None } => return Err(settings.open_base),
            Phase::Open { until: Some(until) } if now < until => return Err(until - now),
            Phase::Open { until: Some(_) } => self.enter(Phase::HalfOpen {
                probes: Vec::new(),
                successes: 0,
            }),
            Phase::HalfOpen { .. } => {}
        }
        let Phase::HalfOpen { probes, successes } = &mut self.phase else {
            unreachable!("every other phase has answered or become half-open")
        };
        probes.retain(|lease| now < lease.ends);
        if probes.len() as u64 + u64::from(*successes) >= u64::from(settings.probes.get()) {
            let oldest = probes.iter().map(|lease| lease.ends).min();
            let rest = oldest.map_or(Duration::ZERO, |ends| ends - now);
            return Err(rest.min(settings.open_base));
        }
        self.last_probe = self.last_probe.wrapping_add(1);
        let probe = NonZeroU32::new(self.last_probe).unwrap_or(NonZeroU32::MAX);
        probes.push(Lease {
            probe,
            ends: after(now, settings.probe_lease),
        });
        Ok(self.admission(Some(probe)))
    }

    /// Counts the result of an admitted call that took `took`.
    pub(crate) fn record(
        &mut self,
        settings: &Settings,
        now: Instant,
        admission: Admission,
        verdict: Verdict,
        took: Option<Duration>,
    ) {
        if admission.generation != self.generation {
            return;
        }
        let slow = settings
            .rules
            .slow
            .as_ref()
            .zip(took)
            .is_some_and(|(rule, took)| took >= rule.threshold);
        match &mut self.phase {
            Phase::Closed { forced: true, .. } | Phase::Open { .. } => {}
            Phase::Closed { .. } => match verdict {
                Verdict::Success => self.count(settings, now, false, slow, None),
                Verdict::Failure => self.count(settings, now, true, slow, None),
                Verdict::Throttled { retry_after } => match settings.throttles {
                    Throttles::Failure => self.count(settings, now, true, slow, retry_after),
                    Throttles::Ignored => {}
                },
                Verdict::Exhausted { retry_after } => self.exhaust(settings, now, retry_after),
                Verdict::Ignored => {}
            },
            Phase::HalfOpen { probes, successes } => {
                probes.retain(|lease| Some(lease.probe) != admission.probe);
                match verdict {
                    Verdict::Success if slow => self.trip(settings, now, None),
                    Verdict::Success => {
                        *successes += 1;
                        if *successes >= settings.probes.get() {
                            self.close(now, false);
                        }
                    }
                    Verdict::Failure => self.trip(settings, now, None),
                    Verdict::Throttled { retry_after } => self.trip(settings, now, retry_after),
                    Verdict::Exhausted { retry_after } => self.exhaust(settings, now, retry_after),
                    Verdict::Ignored => {}
                }
            }
        }
    }

    /// Opens for `time`, or until told otherwise.
    pub(crate) fn force_open(&mut self, now: Instant, time: Option<Duration>) {
        self.enter(Phase::Open {
            until: time.map(|time| after(now, time)),
        });
    }

    /// Closes, whatever the results, until told otherwise.
    pub(crate) fn force_closed(&mut self, now: Instant) {
        self.close(now, true);
    }

    /// Back to how it began.
    pub(crate) fn reset(&mut self, now: Instant) {
        self.open_time.start_over();
        self.close(now, false);
    }

    /// When a circuit that is open stops being so by itself.
    pub(crate) fn open_until(&self) -> Option<Instant> {
        match self.phase {
            Phase::Open { until } => until,
            Phase::Closed { .. } | Phase::HalfOpen { .. } => None,
        }
    }

    pub(crate) fn snapshot(&mut self, now: Instant) -> Snapshot {
        let counts = |rate: &mut Option<RollingRate>| rate.as_mut().map(|rate| rate.counts(now));
        Snapshot {
            state: self.state(),
            generation: self.generation,
            consecutive_failures: self.consecutive,
            failed: counts(&mut self.failures),
            slow: counts(&mut self.slow),
            probes: match &self.phase {
                Phase::HalfOpen { probes, .. } => {
                    probes.iter().filter(|lease| now < lease.ends).count()
                }
                Phase::Closed { .. } | Phase::Open { .. } => 0,
            },
            until_half_open: self
                .open_until()
                .map(|until| until.saturating_duration_since(now)),
            forced: matches!(
                self.phase,
                Phase::Open { until: None } | Phase::Closed { forced: true, .. }
            ),
        }
    }

    fn admission(&self, probe: Option<NonZeroU32>) -> Admission {
        Admission {
            generation: self.generation,
            probe,
        }
    }

    fn count(
        &mut self,
        settings: &Settings,
        now: Instant,
        failed: bool,
        slow: bool,
        hint: Option<Duration>,
    ) {
        let rules = &settings.rules;
        self.consecutive = if failed {
            self.consecutive.saturating_add(1)
        } else {
            0
        };
        let mut trips = rules
            .consecutive
            .is_some_and(|limit| self.consecutive >= limit.get());
        if let (Some(rate), Some(rule)) = (&mut self.failures, &rules.failures) {
            rate.push(failed, now);
            trips |= failed && rate.trips(rule, now);
        }
        if let (Some(rate), Some(rule)) = (&mut self.slow, &rules.slow) {
            rate.push(slow, now);
            trips |= slow && rate.trips(&rule.rate, now);
        }
        if trips {
            self.trip(settings, now, hint);
        }
    }

    fn trip(&mut self, settings: &Settings, now: Instant, hint: Option<Duration>) {
        if let Phase::Closed { since, .. } = self.phase {
            if now.saturating_duration_since(since) >= settings.open_cap {
                self.open_time.start_over();
            }
        }
        let time = self.open_time.next(settings);
        self.enter(Phase::Open {
            until: Some(after(now, time.max(hint.unwrap_or_default()))),
        });
    }

    fn exhaust(&mut self, settings: &Settings, now: Instant, hint: Option<Duration>) {
        self.enter(Phase::Open {
            until: Some(after(now, hint.unwrap_or(settings.exhausted_for))),
        });
        self.exhausted = true;
    }

    fn close(&mut self, now: Instant, forced: bool) {
        self.consecutive = 0;
        if let Some(rate) = &mut self.failures {
            rate.clear(now);
        }
        if let Some(rate) = &mut self.slow {
            rate.clear(now);
        }
        self.enter(Phase::Closed { since: now, forced });
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.exhausted = false;
        self.generation = self.generation.wrapping_add(1);
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
