use std::collections::VecDeque;

use fastrand::Rng;

use super::ScriptEntry;
use crate::Operation;

/// What the script still holds.
#[derive(Debug, Default)]
pub(crate) struct PendingScript {
    /// In order, each with the number of calls that it is still for.
    queue: VecDeque<(ScriptEntry, u64)>,
    /// Those with a rate.
    random: Vec<(ScriptEntry, u64)>,
}

/// An entry that was found for a call and is not used up yet.
pub(crate) struct FoundEntry {
    pub(crate) entry: ScriptEntry,
    place: Place,
}

enum Place {
    Queue(usize),
    Random(usize),
}

impl PendingScript {
    pub(crate) fn push(&mut self, entry: ScriptEntry) {
        let times = entry.times();
        if times == Some(0) {
            return;
        }
        if entry.rate().is_some() {
            self.random.push((entry, times.unwrap_or(u64::MAX)));
        } else {
            self.queue.push_back((entry, times.unwrap_or(1)));
        }
    }

    /// The first entry of the queue that matches, or else the first random one that strikes.
    ///
    /// It is found and [taken](Self::take) in two steps, since a call that the quota refuses must
    /// leave what would have befallen it behind the quota to the next call.
    pub(crate) fn find(
        &self,
        operation: Operation,
        model: &str,
        rng: &mut Rng,
    ) -> Option<FoundEntry> {
        let matches = |(entry, _): &(ScriptEntry, u64)| entry.matches(operation, model);
        if let Some(at) = self.queue.iter().position(matches) {
            return Some(FoundEntry {
                entry: self.queue[at].0.clone(),
                place: Place::Queue(at),
            });
        }
        // Every matching rate is drawn for every call, so that one entry's luck does not move
        // another's.
        let mut struck = None;
        for (at, random) in self.random.iter().enumerate() {
            if matches(random) {
                let strikes = random.0.rate().is_some_and(|rate| rng.f64() < rate);
                if strikes && struck.is_none() {
                    struck = Some(at);
                }
            }
        }
        struck.map(|at| FoundEntry {
            entry: self.random[at].0.clone(),
            place: Place::Random(at),
        })
    }

    /// Uses up one time of an entry that [`find`](Self::find) found just before.
    pub(crate) fn take(&mut self, found: &FoundEntry) {
        match found.place {
            Place::Queue(at) => {
                self.queue[at].1 -= 1;
                if self.queue[at].1 == 0 {
                    self.queue.remove(at);
                }
            }
            Place::Random(at) => {
                self.random[at].1 -= 1;
                if self.random[at].1 == 0 {
                    self.random.remove(at);
                }
            }
        }
    }
}
