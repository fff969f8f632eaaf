use fastrand::Rng;

use super::ScriptEntry;
use crate::operation::Operation;

/// What the script still holds.
#[derive(Debug, Default)]
pub(crate) struct PendingScript {
    /// In order, each with the number of calls that it is still for. Those without a rate are the
    /// queue.
    entries: Vec<(ScriptEntry, u64)>,
}

/// An entry that was found for a call and is not used up yet.
pub(crate) struct FoundEntry {
    pub(crate) entry: ScriptEntry,
    at: usize,
}

impl PendingScript {
    pub(crate) fn push(&mut self, entry: ScriptEntry) {
        let unless_told = if entry.rate().is_some() { u64::MAX } else { 1 };
        let times = entry.times().unwrap_or(unless_told);
        if times > 0 {
            self.entries.push((entry, times));
        }
    }

    /// The first entry of the queue that matches, or else the first random one that strikes.
    ///
    /// It is found and [taken](Self::take) in two steps: what would befall a call behind the quota
    /// waits for the next call if the quota refuses this one.
    pub(crate) fn find(
        &self,
        operation: Operation,
        model: &str,
        rng: &mut Rng,
    ) -> Option<FoundEntry> {
        let matching: Vec<_> = (self.entries.iter().map(|(entry, _)| entry).enumerate())
            .filter(|(_, entry)| entry.matches(operation, model))
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
        let times = &mut self.entries[found.at].1;
        *times -= 1;
        if *times == 0 {
            self.entries.remove(found.at);
        }
    }
}
