use tokio::time::Instant;

use super::failure_time::FailureTime;
use super::sent_calls::SentCalls;
use crate::outage::Outage;
use crate::transition::OpenedBy;

/// Whether a service is down altogether: what a closed circuit knows of its calls for the rule that
/// opens at an [`Outage`].
///
/// Failures often end long before successes do, so of the calls that have ended, many more failed
/// than of those that were sent. Judged in the order of their sending, each call has its say.
#[derive(Debug)]
pub(crate) struct OutageRule {
    outage: Outage,
    failure_time: FailureTime,
    /// When the last success came in.
    well: Option<Instant>,
    /// A run of failures is on. Without one, calls leave no trace here but the last success's time.
    run: Option<Run>,
    /// The calls sent during the run.
    sent: SentCalls,
}

/// Failures since a call was last known to be well. A success ends it if its call was sent after
/// the first failure's; an older one tells nothing about now.
#[derive(Debug)]
struct Run {
    /// When the first failure came in, and when its call was sent.
    began: Instant,
    sent: Instant,
    /// The slot of the first call that belongs to the run, and what was judged from there on.
    first: u32,
    failed: u32,
    outlived: u32,
    /// Since when there was no success at all, and how many failed since then.
    dry_since: Instant,
    dry_failed: u32,
}

/// How many calls may outlive so many failures: the time that calls are measured by is exceeded by
/// chance too, where failure times are spread widely. One for the first fifty, so that fifty
/// failures are no chance where four in five fail; then one for each 25, less than half of what
/// outlives them where nine in ten do.
fn excused(failed: u32) -> u32 {
    (failed / 25).saturating_sub(1)
}

impl OutageRule {
    pub(crate) fn new(outage: Outage) -> Self {
        Self {
            outage,
            failure_time: FailureTime::default(),
            well: None,
            run: None,
            sent: SentCalls::default(),
        }
    }

    /// Whether calls have to be told one by one, as they are sent and as they end.
    pub(crate) fn is_watching(&self) -> bool {
        self.run.is_some()
    }

    /// A call is sent. During a run it is kept in a slot until it ends or is judged.
    pub(crate) fn send(&mut self, now: Instant) -> Option<u32> {
        self.run.as_ref()?;
        Some(self.sent.send(now, self.failure_time.outlived()))
    }

    /// A call succeeded that was sent at `sent`.
    pub(crate) fn succeed(&mut self, now: Instant, sent: Instant, slot: Option<u32>) {
        self.succeed_some(now);
        if self.run.as_ref().is_some_and(|run| sent >= run.sent) {
            self.end_run();
        } else {
            self.take_out(slot, false);
        }
    }

    /// Calls succeeded, the last of them at `last`; nothing is known of when they were sent.
    pub(crate) fn succeed_some(&mut self, last: Instant) {
        self.well = self.well.max(Some(last));
        if let Some(run) = &mut self.run {
            run.dry_failed = 0;
        }
    }

    /// A call failed that was sent at `sent`; says whether the service is down.
    pub(crate) fn fail(
        &mut self,
        now: Instant,
        sent: Instant,
        slot: Option<u32>,
    ) -> Option<OpenedBy> {
        self.learn(now, sent);
        self.count_failure(now, sent, slot)
    }

    /// A call failed after its response had begun. How long that took says nothing about how long
    /// a call takes that fails before.
    pub(crate) fn break_off(&mut self, now: Instant, sent: Instant) -> Option<OpenedBy> {
        self.count_failure(now, sent, None)
    }

    fn count_failure(
        &mut self,
        now: Instant,
        sent: Instant,
        slot: Option<u32>,
    ) -> Option<OpenedBy> {
        if self.run.is_some() {
            self.take_out(slot, true);
            if self.judge(now) {
                self.run_on(now, sent);
            }
        } else {
            self.run = Some(Run {
                began: now,
                sent,
                first: self.sent.first(),
                failed: 0,
                outlived: 0,
                dry_since: now,
                dry_failed: 0,
            });
        }
        if let Some(run) = &mut self.run {
            if run.dry_failed == 0 {
                run.dry_since = self.well.map_or(sent, |well| well.max(sent));
            }
            run.dry_failed = run.dry_failed.saturating_add(1);
        }
        self.down(now)
    }

    /// A call ended that tells nothing.
    pub(crate) fn pass(&mut self, slot: Option<u32>) {
        self.take_out(slot, false);
    }

    /// A probe failed: it counts for nothing here but its time.
    pub(crate) fn learn(&mut self, now: Instant, sent: Instant) {
        let took = now.saturating_duration_since(sent);
        self.failure_time.learn(took);
    }

    /// Whether the service is down. No timer asks, but each failure and each call.
    pub(crate) fn down(&mut self, now: Instant) -> Option<OpenedBy> {
        let interrupted = self.judge(now);
        let run = self.run.as_ref()?;
        let over = now.saturating_duration_since(run.began);
        let dry = now.saturating_duration_since(run.dry_since);
        let needed = self.outage.failures.get();
        let (failures, over) = if !interrupted && run.failed >= needed && over >= self.outage.span {
            (run.failed, over)
        } else if run.dry_failed >= needed && dry >= self.outage.without_success {
            (run.dry_failed, dry)
        } else {
            return None;
        };
        Some(OpenedBy::Outage { failures, over })
    }

    /// The run is over, by a success or because the circuit has changed. How long failures take is
    /// still true.
    pub(crate) fn end_run(&mut self) {
        self.run = None;
        self.sent.clear();
    }

    /// Judges the calls that are old enough, and says whether too many outlived the failures.
    fn judge(&mut self, now: Instant) -> bool {
        let Some(run) = &mut self.run else {
            return false;
        };
        while let Some(calls) = self.sent.judge(now, self.failure_time.outlived()) {
            run.failed = run.failed.saturating_add(calls.failed);
            run.outlived = run.outlived.saturating_add(calls.under_way);
        }
        run.outlived > excused(run.failed)
    }

    /// The run was interrupted by calls that are well so far: it starts over with the calls not
    /// judged yet. The time without a success goes on.
    fn run_on(&mut self, now: Instant, sent: Instant) {
        if let Some(run) = &mut self.run {
            (run.began, run.sent) = (now, sent);
            (run.failed, run.outlived) = (0, 0);
            run.first = self.sent.first();
        }
    }

    fn take_out(&mut self, slot: Option<u32>, failed: bool) {
        let (Some(run), Some(slot)) = (&mut self.run, slot) else {
            return;
        };
        if let Some(calls) = self.sent.of_slot(slot) {
            calls.under_way = calls.under_way.saturating_sub(1);
            calls.failed += u32::from(failed);
        } else if slot.wrapping_sub(run.first) < self.sent.first().wrapping_sub(run.first) {
            // It was judged as one that outlived the failures, and has failed after all.
            run.outlived = run.outlived.saturating_sub(1);
            run.failed = run.failed.saturating_add(u32::from(failed));
        }
    }
}

#[cfg(all(test, loom))]
impl OutageRule {
    pub(crate) fn under_way(&self) -> u32 {
        self.sent.under_way()
    }

    pub(crate) fn last_success(&self) -> Option<Instant> {
        self.well
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
