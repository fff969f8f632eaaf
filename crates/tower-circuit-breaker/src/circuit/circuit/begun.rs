use std::time::Duration;

use tokio::time::Instant;

use super::super::admission::{Admission, Holds};
use super::{Circuit, Phase};
use crate::classify::{Throttles, Verdict};
use crate::transition::OpenedBy;

/// Calls whose response has begun and goes on.
///
/// A beginning is a success at once: a circuit in front of answers that take minutes would otherwise
/// close minutes late, and see nothing but failures meanwhile. A call that breaks takes that back and
/// counts as failed.
impl Circuit {
    /// The response of an admitted call has begun. Returns what the call is from now on.
    pub(crate) fn begin(
        &mut self,
        now: Instant,
        admission: Admission,
        sent: Option<Instant>,
    ) -> Admission {
        let holds = match self.phase {
            Phase::HalfOpen(_) => Holds::BegunProbe,
            Phase::Closed { .. } | Phase::Open { .. } => Holds::Begun,
        };
        if admission.generation != self.generation {
            return Admission { holds, ..admission };
        }
        self.record_result(now, admission, Verdict::Success, sent, true);
        // The circuit that a probe's beginning has closed hears of its end.
        let generation = self.generation;
        Admission { generation, holds }
    }

    /// The end of a call that has begun.
    pub(crate) fn end(
        &mut self,
        now: Instant,
        admission: Admission,
        verdict: Verdict,
        sent: Option<Instant>,
    ) {
        if admission.generation != self.generation {
            return;
        }
        let is_probe = admission.holds == Holds::BegunProbe;
        let recovers = match &self.phase {
            Phase::Closed { forced: true, .. } | Phase::Open { .. } => return,
            Phase::Closed { ramp, .. } => {
                is_probe && ramp.as_ref().is_some_and(|ramp| ramp.share(now).is_some())
            }
            Phase::HalfOpen(_) => true,
        };
        let hint = match verdict {
            Verdict::Success => return self.rules.complete(now, sent.unwrap_or(now)),
            Verdict::Ignored | Verdict::Later => return,
            Verdict::Exhausted { retry_after } => return self.exhaust(now, retry_after),
            Verdict::Throttled { retry_after } => retry_after,
            Verdict::Failure => None,
        };
        if recovers {
            // The probe has failed after all, and the circuit closed, or was about to, because of it.
            self.trip(now, OpenedBy::Probe, hint);
        } else if verdict == Verdict::Failure || self.settings.throttles == Throttles::Failure {
            self.break_off(now, sent.unwrap_or(now), is_probe, hint);
        }
    }

    fn break_off(&mut self, now: Instant, sent: Instant, is_probe: bool, hint: Option<Duration>) {
        // The rules have not counted the beginning of a probe.
        let counted = !is_probe;
        let rules = &self.settings.rules;
        if let Some(by) = self.rules.break_off(rules, now, sent, counted) {
            self.trip(now, by, hint);
        }
    }
}
