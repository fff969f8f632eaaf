use tokio::time::Instant;

use super::outage_rule::OutageRule;
use crate::settings::Rules;
use crate::transition::OpenedBy;
use crate::window::{Counts, RollingRate};

/// What a closed circuit has counted for its rules, and whether that trips it.
#[derive(Debug)]
pub(crate) struct TripRules {
    /// Failures in a row, up to the last call that counted.
    consecutive: u32,
    /// Calls that failed after their response had begun, since one ended well.
    broken: Option<Broken>,
    failures: Option<RollingRate>,
    slow: Option<RollingRate>,
    outage: Option<OutageRule>,
}

/// Beginnings are no evidence against these: each of them was one.
#[derive(Clone, Copy, Debug)]
struct Broken {
    calls: u32,
    since: Instant,
}

/// A call that has ended and counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) sent: Instant,
    pub(crate) slot: Option<u32>,
    pub(crate) failed: bool,
    pub(crate) slow: bool,
    /// It did not end in truth: its response has begun.
    pub(crate) begun: bool,
}

/// What a success means to a circuit. A success never trips a circuit, so successes need not be
/// looked at one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnSuccess {
    /// It changes nothing.
    Skip,
    /// It is counted, by itself or in a batch with others.
    Batch,
    /// It may change the state, so it is recorded by itself.
    Record,
}

impl TripRules {
    pub(crate) fn new(rules: &Rules, now: Instant) -> Self {
        let failures = rules.failures.as_ref();
        let slow = rules.slow.as_ref().map(|slow| &slow.rate);
        Self {
            consecutive: 0,
            broken: None,
            failures: failures.map(|rule| RollingRate::new(rule.window(), now)),
            slow: slow.map(|rule| RollingRate::new(rule.window(), now)),
            outage: rules.outage.map(OutageRule::new),
        }
    }

    /// Counts a call, and says which rule trips the circuit, the first of several.
    ///
    /// A rate is looked at only after a bad call: a good one can fill the window up to its minimum,
    /// but a success is no reason to open.
    pub(crate) fn count(&mut self, rules: &Rules, now: Instant, call: Ended) -> Option<OpenedBy> {
        let Ended { failed, slow, .. } = call;
        if !failed && !call.begun {
            self.broken = None;
        }
        self.consecutive = if failed {
            self.consecutive.saturating_add(1)
        } else {
            0
        };
        let failures = self.consecutive;
        let mut met = rules
            .consecutive
            .filter(|limit| failures >= limit.get())
            .map(|_| OpenedBy::ConsecutiveFailures { failures });
        // Every rule counts the call, even if another rule has tripped the circuit already.
        if let (Some(rate), Some(rule)) = (&mut self.failures, &rules.failures) {
            rate.push(failed, now);
            let Counts { calls, bad } = rate.counts(now);
            if failed && rule.is_met(Counts { calls, bad }) {
                met = met.or(Some(OpenedBy::FailureRate {
                    failures: bad,
                    calls,
                }));
            }
        }
        if let (Some(rate), Some(rule)) = (&mut self.slow, &rules.slow) {
            rate.push(slow, now);
            let Counts { calls, bad } = rate.counts(now);
            if slow && rule.rate.is_met(Counts { calls, bad }) {
                met = met.or(Some(OpenedBy::SlowCalls { slow: bad, calls }));
            }
        }
        if let Some(outage) = &mut self.outage {
            if failed {
                met = met.or(outage.fail(now, call.sent, call.slot));
            } else {
                outage.succeed(now, call.sent, call.slot);
            }
        }
        met
    }

    /// A call failed after its response had begun, which was `counted` as a success or not, and says
    /// which rule trips the circuit.
    pub(crate) fn break_off(
        &mut self,
        rules: &Rules,
        now: Instant,
        sent: Instant,
        counted: bool,
    ) -> Option<OpenedBy> {
        let first = Broken {
            calls: 0,
            since: now,
        };
        let broken = self.broken.get_or_insert(first);
        broken.calls = broken.calls.saturating_add(1);
        let broken = *broken;
        self.consecutive = self.consecutive.saturating_add(1);
        let failures = self.consecutive.max(broken.calls);
        let mut met = rules
            .consecutive
            .filter(|limit| failures >= limit.get())
            .map(|_| OpenedBy::ConsecutiveFailures { failures });
        if let (Some(rate), Some(rule)) = (&mut self.failures, &rules.failures) {
            if counted {
                rate.take_back();
            }
            rate.push(true, now);
            let Counts { calls, bad } = rate.counts(now);
            if rule.is_met(Counts { calls, bad }) {
                met = met.or(Some(OpenedBy::FailureRate {
                    failures: bad,
                    calls,
                }));
            }
        }
        if let Some(outage) = &mut self.outage {
            met = met.or(outage.break_off(now, sent));
        }
        // Whatever begins meanwhile: none of it has come to a good end.
        let over = now.saturating_duration_since(broken.since);
        let is_outage = rules.outage.is_some_and(|outage| {
            broken.calls >= outage.failures.get() && over >= outage.without_success
        });
        let outage = OpenedBy::Outage {
            failures: broken.calls,
            over,
        };
        met.or(is_outage.then_some(outage))
    }

    /// A call whose beginning was counted as a success has ended well.
    pub(crate) fn complete(&mut self, now: Instant, sent: Instant) {
        self.consecutive = 0;
        self.broken = None;
        if let Some(outage) = &mut self.outage {
            outage.succeed(now, sent, None);
        }
    }

    /// A call is sent to the service; returns the slot in which it is kept, if it is.
    pub(crate) fn send(&mut self, now: Instant) -> Option<u32> {
        self.outage.as_mut()?.send(now)
    }

    /// A call ended that does not count.
    pub(crate) fn pass(&mut self, slot: Option<u32>) {
        if let Some(outage) = &mut self.outage {
            outage.pass(slot);
        }
    }

    /// A probe failed, which counts for no rule.
    pub(crate) fn fail_probe(&mut self, now: Instant, sent: Instant) {
        if let Some(outage) = &mut self.outage {
            outage.learn(now, sent);
        }
    }

    /// Whether the circuit has to be told of each call before it is made.
    pub(crate) fn is_watching(&self) -> bool {
        self.outage.as_ref().is_some_and(OutageRule::is_watching)
    }

    /// Whether the time that has passed since the last result trips the circuit.
    pub(crate) fn trips_by_now(&mut self, now: Instant) -> Option<OpenedBy> {
        self.outage.as_mut()?.down(now)
    }

    /// What a success that is not slow would do.
    pub(crate) fn on_success(&self) -> OnSuccess {
        if self.is_watching() || self.broken.is_some() {
            // It matters when its call was sent, and whether it is more than a beginning.
            OnSuccess::Record
        } else if self.failures.is_some() || self.slow.is_some() || self.outage.is_some() {
            OnSuccess::Batch
        } else if self.consecutive == 0 {
            OnSuccess::Skip
        } else {
            // It ends a run of failures; the successes after it change nothing.
            OnSuccess::Record
        }
    }

    /// Counts a batch of successes, none of which was slow and all of which ended before
    /// [`batch_until`](Self::batch_until), the last of them at `last`.
    pub(crate) fn count_successes(&mut self, successes: u32, last: Instant) {
        if successes == 0 {
            return;
        }
        self.consecutive = 0;
        for rate in [&mut self.failures, &mut self.slow].into_iter().flatten() {
            rate.push_good(successes);
        }
        if let Some(outage) = &mut self.outage {
            outage.succeed_some(last);
        }
    }

    /// Successes that end before this time may be counted later, in one batch; with `None` it does
    /// not matter when they end.
    pub(crate) fn batch_until(&self) -> Option<Instant> {
        let rates = [&self.failures, &self.slow].into_iter().flatten();
        rates.filter_map(RollingRate::batch_until).min()
    }

    pub(crate) fn clear(&mut self, now: Instant) {
        self.consecutive = 0;
        self.broken = None;
        for rate in [&mut self.failures, &mut self.slow].into_iter().flatten() {
            rate.clear(now);
        }
        self.stop_watching();
    }

    /// Forgets the calls that it was told of one by one.
    pub(crate) fn stop_watching(&mut self) {
        if let Some(outage) = &mut self.outage {
            outage.end_run();
        }
    }

    pub(crate) fn consecutive_failures(&self) -> u32 {
        self.consecutive
    }

    /// The calls in the window of the failure rate; `bad` ones failed.
    pub(crate) fn failures(&mut self, now: Instant) -> Option<Counts> {
        self.failures.as_mut().map(|rate| rate.counts(now))
    }

    /// The calls in the window of slow calls; `bad` ones were slow.
    pub(crate) fn slow(&mut self, now: Instant) -> Option<Counts> {
        self.slow.as_mut().map(|rate| rate.counts(now))
    }
}

#[cfg(all(test, loom))]
impl TripRules {
    /// The calls of a run that are neither judged nor over.
    pub(crate) fn under_way(&self) -> u32 {
        self.outage.as_ref().map_or(0, OutageRule::under_way)
    }

    pub(crate) fn last_success(&self) -> Option<Instant> {
        self.outage.as_ref().and_then(OutageRule::last_success)
    }
}
