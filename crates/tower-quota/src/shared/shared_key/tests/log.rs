//! The plainest log.

use super::super::super::log::{Append, Appended, Base, Entry, Loaded, Position, Tail, Totals};

#[derive(Default)]
pub(super) struct Log {
    begun: bool,
    position: Position,
    at: u64,
    pub(super) totals: Totals,
    snapshot: Option<(u64, Vec<u8>)>,
    entries: Vec<Entry>,
}

impl Log {
    fn tail(&self, after: u64) -> Tail {
        let entries = self.entries.iter().filter(|entry| entry.number > after);
        Tail {
            position: self.position,
            at: self.at,
            totals: self.totals,
            entries: entries.cloned().collect(),
        }
    }

    pub(super) fn load(&mut self, now: u64, base: Base) -> Loaded {
        self.at = self.at.max(now);
        if !std::mem::replace(&mut self.begun, true) {
            self.position = base.position;
            self.totals = base.totals;
            self.snapshot = base.snapshot.map(|bytes| (base.position.number, bytes));
        }
        Loaded {
            snapshot: self.snapshot.clone(),
            tail: self.tail(0),
        }
    }

    pub(super) fn append(&mut self, now: u64, append: Append) -> Appended {
        self.at = self.at.max(now);
        let first = self
            .entries
            .first()
            .map_or(self.position.number, |entry| entry.number - 1);
        let Position { epoch, number } = append.seen;
        if epoch != self.position.epoch || number > self.position.number || number < first {
            return Appended::Elsewhere;
        }
        let claim = append.claim.filter(|claim| {
            let Totals {
                calls,
                tokens,
                stops,
            } = self.totals;
            calls <= claim.up_to.calls && tokens <= claim.up_to.tokens && stops == claim.up_to.stops
        });
        if !append.facts.is_empty() || claim.is_some() {
            self.position.number += 1;
            self.totals.stops += u64::from(append.stop);
            if let Some(claim) = &claim {
                self.totals.calls += claim.calls;
                self.totals.tokens += claim.tokens;
            }
            self.entries.push(Entry {
                number: self.position.number,
                at: self.at,
                facts: append.facts,
                claim: claim.map(|claim| claim.bytes),
            });
        }
        Appended::Tail(self.tail(number))
    }

    pub(super) fn save(&mut self, position: Position, bytes: Vec<u8>) {
        self.entries.retain(|entry| entry.number > position.number);
        self.snapshot = Some((position.number, bytes));
    }

    pub(super) fn epoch(&self) -> u64 {
        self.position.epoch
    }
}
