//! One key's log as its server has it.

use tower_quota::shared::{
    Append, Appended, Base, Claim, Entry, Heard, Loaded, Position, Tail, Totals,
};

use super::time::LogTime;

/// Nothing is ever thrown away: what is forgotten is only not shown, so that a replica that lags can be made of it.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    base: Base,
    /// With what was claimed with each.
    entries: Vec<(Entry, Totals)>,
    /// The numbers at which they were made, rising.
    snapshots: Vec<(u64, Vec<u8>)>,
    time: LogTime,
}

impl Log {
    pub(crate) fn new(clock: i64, base: Base) -> Self {
        Self {
            time: LogTime::begin(clock, base.at),
            snapshots: base
                .snapshot
                .iter()
                .map(|bytes| (base.position.number, bytes.clone()))
                .collect(),
            entries: Vec::new(),
            base,
        }
    }

    pub(crate) fn append(&mut self, clock: i64, append: &Append) -> (Appended, Option<Heard>) {
        let seen = append.seen;
        let whole = (self.first()..=self.number()).contains(&seen.number);
        if seen.epoch != self.base.position.epoch || !whole {
            return (Appended::Elsewhere, None);
        }
        let at = self.time.told(clock, append.heard);
        let heard = self.put(at, append);
        (Appended::Tail(self.tail(at, seen.number)), heard)
    }

    fn put(&mut self, at: u64, append: &Append) -> Option<Heard> {
        let mut totals = self.totals();
        let claim = append.claim.as_ref().filter(|claim| claim.fits(totals));
        if claim.is_none() && append.facts.is_empty() && !append.stop {
            return None;
        }
        if let Some(claim) = claim {
            totals.calls += claim.calls;
            totals.tokens += claim.tokens;
        }
        totals.stops += u64::from(append.stop);
        let entry = Entry {
            number: self.number() + 1,
            at,
            facts: append.facts.clone(),
            claim: claim.map(|claim| claim.bytes.clone()),
        };
        self.time.appended(at);
        self.entries.push((entry.clone(), totals));
        Some(Heard::Entry {
            epoch: self.base.position.epoch,
            totals,
            entry,
        })
    }

    pub(crate) fn load(&self, clock: i64) -> Loaded {
        let at = self.time.now(clock);
        Loaded {
            snapshot: self.snapshots.last().cloned(),
            tail: self.tail(at, self.first()),
        }
    }

    /// Says whether it is kept.
    pub(crate) fn save(&mut self, position: Position, snapshot: Vec<u8>) -> bool {
        let later = position.number > self.first() && position.number <= self.number();
        let kept = later && position.epoch == self.base.position.epoch;
        if kept {
            self.snapshots.push((position.number, snapshot));
        }
        kept
    }

    /// What a replica has that the last `entries` have not come to.
    pub(crate) fn lag_by(&mut self, entries: usize) {
        let left = self.entries.len().saturating_sub(entries);
        self.entries.truncate(left);
        let number = self.number();
        self.snapshots.retain(|(at, _)| *at <= number);
    }

    pub(crate) fn number(&self) -> u64 {
        self.base.position.number + self.entries.len() as u64
    }

    /// How many entries it shows.
    pub(crate) fn len(&self) -> u64 {
        self.number() - self.first()
    }

    /// Up to where it has forgotten the entries.
    fn first(&self) -> u64 {
        let last = self.snapshots.last();
        last.map_or(self.base.position.number, |(number, _)| *number)
    }

    fn totals(&self) -> Totals {
        let last = self.entries.last();
        last.map_or(self.base.totals, |(_, totals)| *totals)
    }

    fn tail(&self, at: u64, after: u64) -> Tail {
        let skip = (after - self.base.position.number) as usize;
        Tail {
            position: Position {
                epoch: self.base.position.epoch,
                number: self.number(),
            },
            at,
            totals: self.totals(),
            entries: self.entries[skip..]
                .iter()
                .map(|(entry, _)| entry.clone())
                .collect(),
        }
    }
}

trait Fits {
    fn fits(&self, before: Totals) -> bool;
}

impl Fits for Claim {
    fn fits(&self, before: Totals) -> bool {
        before.calls <= self.up_to.calls
            && before.tokens <= self.up_to.tokens
            && before.stops == self.up_to.stops
    }
}
