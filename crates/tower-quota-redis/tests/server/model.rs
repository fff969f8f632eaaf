//! The plainest log that there is.

use tower_quota::shared::{Append, Appended, Base, Entry, Loaded, Position, Tail, Totals};

/// Its times are zero: no model knows them.
#[derive(Default)]
pub(crate) struct Model {
    log: Option<Log>,
}

struct Log {
    position: Position,
    totals: Totals,
    /// All that there ever were.
    entries: Vec<Entry>,
    /// Those up to there are forgotten.
    forgotten: u64,
    snapshot: (u64, Option<Vec<u8>>),
}

impl Log {
    fn tail(&self, after: u64) -> Tail {
        let entries = self.entries.iter().filter(|entry| entry.number > after);
        Tail {
            position: self.position,
            at: 0,
            totals: self.totals,
            entries: entries.cloned().collect(),
        }
    }
}

impl Model {
    pub(crate) fn flush(&mut self) {
        self.log = None;
    }

    pub(crate) fn load(&mut self, base: Base) -> Loaded {
        let log = self.log.get_or_insert_with(|| Log {
            position: base.position,
            totals: base.totals,
            entries: Vec::new(),
            forgotten: base.position.number,
            snapshot: (base.position.number, base.snapshot),
        });
        let (number, bytes) = &log.snapshot;
        Loaded {
            snapshot: bytes.clone().map(|bytes| (*number, bytes)),
            tail: log.tail(*number),
        }
    }

    pub(crate) fn save(&mut self, position: Position, snapshot: Vec<u8>) {
        let Some(log) = &mut self.log else { return };
        let is_ours = position.epoch == log.position.epoch && position <= log.position;
        if is_ours && position.number > log.snapshot.0 {
            log.snapshot = (position.number, Some(snapshot));
            log.forgotten = log.forgotten.max(position.number.saturating_sub(256));
        }
    }

    pub(crate) fn append(&mut self, append: &Append) -> Appended {
        let Some(log) = &mut self.log else {
            return Appended::Elsewhere;
        };
        let seen = append.seen;
        if seen.epoch != log.position.epoch || seen > log.position || seen.number < log.forgotten {
            return Appended::Elsewhere;
        }
        let claim = append.claim.as_ref().filter(|claim| {
            log.totals.calls <= claim.up_to.calls
                && log.totals.tokens <= claim.up_to.tokens
                && log.totals.stops == claim.up_to.stops
        });
        if !append.facts.is_empty() || append.stop || claim.is_some() {
            log.position.number += 1;
            log.entries.push(Entry {
                number: log.position.number,
                at: 0,
                facts: append.facts.clone(),
                claim: claim.map(|claim| claim.bytes.clone()),
            });
        }
        if let Some(claim) = claim {
            log.totals.calls += claim.calls;
            log.totals.tokens += claim.tokens;
        }
        log.totals.stops += u64::from(append.stop);
        Appended::Tail(log.tail(seen.number))
    }
}
