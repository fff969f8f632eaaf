//! What comes of the log, entry by entry.

use super::super::log::{Appended, Entry, Heard, Totals};
use super::super::replica::Folded;
use super::super::turn::{Ended, Facts};
use super::granting::{Grant, STALE};
use super::{SharedKey, Stage};
use crate::account::Account;

/// A snapshot is made each time that so many entries have come.
pub(super) const SNAPSHOT: u64 = 256;

impl SharedKey {
    /// What came of appending what was sent at that time.
    pub(crate) fn appended(
        &mut self,
        account: &mut Account,
        (sent, now): (u64, u64),
        appended: &Appended,
    ) {
        let Appended::Tail(tail) = appended else {
            self.claimed = None;
            self.stage = Stage::Doubt;
            return;
        };
        let known = self.clock.log(now);
        self.clock
            .answered(tail.at.saturating_mul(1_000), sent, now);
        self.behind = false;
        self.refused = false;
        self.heard = now;
        for entry in &tail.entries {
            self.fold(account, (now, known), entry);
        }
        if self.replica.position == tail.position {
            self.count(account, tail.totals);
        }
        // If it is not in there it was refused.
        self.claimed = None;
    }

    /// What the log tells by itself.
    pub(crate) fn told(&mut self, account: &mut Account, now: u64, heard: &Heard) {
        if !matches!(self.stage, Stage::Joined) {
            return;
        }
        match heard {
            Heard::Missed => self.behind = true,
            Heard::Entry { epoch, .. } if *epoch != self.replica.position.epoch => {
                self.behind = true;
            }
            Heard::Entry { totals, entry, .. } => {
                self.heard = now;
                let known = self.clock.log(now);
                self.clock.heard(entry.at.saturating_mul(1_000), now);
                let number = entry.number;
                if number > self.replica.position.number {
                    self.fold(account, (now, known), entry);
                    if self.replica.position.number == number {
                        self.count(account, *totals);
                    }
                }
            }
        }
    }

    /// `known` is the log's time as it was taken to be before this was heard: an answer may be old.
    fn fold(&mut self, account: &mut Account, (now, known): (u64, u64), entry: &Entry) {
        let Some(Folded { facts, begins }) = self.replica.fold(account, entry) else {
            self.behind = true;
            return;
        };
        self.view = None;
        self.stopped |= facts.as_ref().is_some_and(Facts::is_stop);
        if let Some(facts) = facts.filter(|facts| facts.member == self.me) {
            for (number, _) in facts.ended {
                self.journal.logged(number);
            }
            self.saves |= entry.number % SNAPSHOT == 0;
        }
        let Some(begins) = begins.filter(|begins| begins.member == self.me) else {
            return;
        };
        let at = entry.at.saturating_mul(1_000);
        let awaited = self.claimed == Some(begins.first);
        let fresh = self.clock.log(now).max(known).saturating_sub(at) < STALE;
        for (number, tokens) in begins.calls() {
            // One that was claimed twice begins once.
            if self.journal.get(number).is_some() {
                continue;
            }
            self.journal.begin(number, tokens, at, None);
            if awaited && fresh {
                self.note_grant(now);
                self.grants.push_back(Grant { number, tokens, at });
            } else {
                self.journal.end(number, Ended::Refunded, now, true);
            }
        }
    }

    /// What the log says of all claims up to here. Where it knows of less than this process, it is not the log that
    /// was read: one took over that had not heard all.
    fn count(&mut self, account: &mut Account, totals: Totals) {
        let known = self.replica.totals;
        if totals.calls < known.calls || totals.tokens < known.tokens || totals.stops < known.stops
        {
            self.stage = Stage::Doubt;
        } else {
            self.view = None;
            self.replica.count_unread(account, totals);
        }
    }

    pub(super) fn snapshot_is_due(&mut self) -> bool {
        std::mem::take(&mut self.saves)
    }
}
