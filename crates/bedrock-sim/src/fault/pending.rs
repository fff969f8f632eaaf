use fastrand::Rng;
use tokio::time::Instant;

use super::{ScriptEntry, ScriptedCall};

/// What the script still holds.
#[derive(Debug, Default)]
pub(crate) struct PendingScript {
    /// In order. Those without a rate are the queue.
    entries: Vec<PendingEntry>,
}

#[derive(Debug)]
struct PendingEntry {
    entry: ScriptEntry,
    /// The number of calls that it is still for.
    times: u64,
    scripted: Instant,
}

/// An entry that was found for a call and is not used up yet.
pub(crate) struct FoundEntry {
    pub(crate) entry: ScriptEntry,
    at: usize,
}

impl PendingScript {
    pub(crate) fn push(&mut self, entry: ScriptEntry, now: Instant) {
        let unless_told = if entry.rate().is_some() { u64::MAX } else { 1 };
        let times = entry.times().unwrap_or(unless_told);
        if times > 0 {
            self.entries.push(PendingEntry {
                entry,
                times,
                scripted: now,
            });
        }
    }

    /// The first entry of the queue that matches, or else the first random one that strikes.
    ///
    /// It is found and [taken](Self::take) in two steps: what would befall a call behind the quota
    /// waits for the next call if the quota refuses this one.
    pub(crate) fn find(
        &self,
        now: Instant,
        call: &ScriptedCall<'_>,
        rng: &mut Rng,
    ) -> Option<FoundEntry> {
        let of_now = self.entries.iter().map(|pending| {
            let since = now.saturating_duration_since(pending.scripted);
            (&pending.entry, pending.entry.span().contains(&since))
        });
        let matching: Vec<_> = (of_now.enumerate())
            .filter(|(_, (entry, of_now))| *of_now && entry.matches(call))
            .map(|(at, (entry, _))| (at, entry))
            .collect();
        let queued = matching.iter().find(|(_, entry)| entry.rate().is_none());
        let found = queued.copied().or_else(|| {
            // Every rate is drawn for every call, so that one entry's luck does not move another's.
            let mut strikes =
                |entry: &ScriptEntry| entry.rate().is_some_and(|rate| rng.f64() < rate);
            let struck: Vec<_> = matching
                .into_iter()
                .filter(|(_, entry)| strikes(entry))
                .collect();
            struck.first().copied()
        });
        found.map(|(at, entry)| FoundEntry {
            entry: entry.clone(),
            at,
        })
    }

    /// Uses up one time of an entry that [`find`](Self::find) found just before.
    pub(crate) fn take(&mut self, found: &FoundEntry) {
        let times = &mut self.entries[found.at].times;
        *times -= 1;
        if *times == 0 {
            self.entries.remove(found.at);
        }
    }
}
