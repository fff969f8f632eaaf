//! The log is read as a whole: at first, in doubt, and when it is back.

use super::super::alone::Alone;
use super::super::log::{Base, Loaded, Position, Tail};
use super::super::replica::Replica;
use super::super::snapshot;
use super::folding::SNAPSHOT;
use super::{MILLISECOND, SECOND, SharedKey, Stage};
use crate::account::Account;

/// How often the log is tried that cannot be reached.
const RETRY: u64 = 500 * MILLISECOND;
/// And one that can be read, and takes nothing: with each try nothing is begun for a while.
const REFUSED: u64 = 5 * SECOND;
/// By so much a clock is ahead that was set forward.
const SET: u64 = 2 * SECOND;
/// Nothing is begun for so long after the log was gone: others may have used more than they have told yet.
const RETURNED: u64 = SECOND;

impl SharedKey {
    pub(super) fn base(&self, account: &Account) -> Base {
        let joined = !matches!(self.stage, Stage::New { .. });
        let position = Position {
            epoch: fastrand::u64(1..),
            number: self.replica.position.number,
        };
        Base {
            position,
            at: self.replica.at / 1_000,
            totals: self.replica.totals,
            snapshot: joined.then(|| snapshot::write(account, &self.replica)),
        }
    }

    /// The log was read, as asked at `sent`.
    pub(crate) fn loaded(
        &mut self,
        account: &mut Account,
        (sent, now): (u64, u64),
        loaded: &Loaded,
    ) {
        let Tail { position, at, .. } = loaded.tail;
        let read = self.replica.position;
        let went_back = read.epoch != 0 && (read.epoch != position.epoch || read > position);
        let was_away = went_back || matches!(self.stage, Stage::Alone(_));
        self.view = None;
        let log = at.saturating_mul(1_000);
        // Of a log that is known, a time that is far ahead is not believed: its clock was set, and the next to append
        // lets it find that out.
        let known = read.epoch != 0 && read.epoch == position.epoch;
        if !known || log <= self.clock.log(now).saturating_add(SET) {
            self.clock.set(log, now);
            self.clock.answered(log, sent, now);
        }
        let first = loaded.tail.entries.first();
        let snapshot = loaded.snapshot.as_ref();
        let known = snapshot.and_then(|(number, bytes)| Some((*number, snapshot::read(bytes)?)));
        let is_known = known.is_some();
        let (number, (read, replica)) = known.unwrap_or_else(|| {
            let begins = first.map_or(position.number, |entry| entry.number.saturating_sub(1));
            let since = first.map_or(at, |entry| entry.at).saturating_mul(1_000);
            let account = Account::of_several(self.limits.clone(), since);
            (begins, (account, Replica::default()))
        });
        *account = read;
        self.replica = replica;
        self.replica.position = Position {
            epoch: position.epoch,
            number,
        };
        let at = self.clock.log(now);
        self.lacks = match std::mem::replace(&mut self.stage, Stage::Joined) {
            Stage::Alone(mut alone) => alone.lacks(at),
            Stage::New { .. } | Stage::Joined | Stage::Doubt => self.journal.lately(at),
        };
        self.behind = false;
        self.claimed = None;
        self.give_back(now);
        for entry in &loaded.tail.entries {
            if self.replica.fold(account, entry).is_none() {
                self.behind = true;
            }
        }
        if is_known && self.replica.position == position {
            self.replica.count_unread(account, loaded.tail.totals);
        } else {
            self.replica.totals = loaded.tail.totals;
        }
        if account.limits() != self.limits {
            account.set_limits(self.replica.at, self.limits.clone());
        }
        self.stopped = true;
        self.journal
            .reconcile(self.replica.members.get(&self.me), now);
        self.heard = now;
        self.saves = loaded.tail.entries.len() as u64 >= 2 * SNAPSHOT;
        if was_away {
            self.held = now + RETURNED;
        }
    }

    /// The log did not answer in time, or not as it should.
    pub(crate) fn lost(&mut self, account: &Account, now: u64) {
        self.claimed = None;
        self.clock.unanswered();
        let joined = matches!(self.stage, Stage::Joined);
        let refused = joined && std::mem::replace(&mut self.refused, true);
        let again = now + if refused { REFUSED } else { RETRY };
        self.stage = match std::mem::replace(&mut self.stage, Stage::Doubt) {
            Stage::New { .. } if self.journal.is_settled() && now < self.heard + SECOND => {
                Stage::New { again }
            }
            Stage::Joined if !refused => Stage::Doubt,
            Stage::New { .. } => Stage::Alone(Box::new(Alone::never_joined(
                account,
                self.clock.log(now),
                again,
            ))),
            Stage::Joined | Stage::Doubt => {
                self.give_back(now);
                Stage::Alone(Box::new(Alone::new(
                    account,
                    &self.replica,
                    &self.journal,
                    self.me,
                    self.clock.log(now),
                    again,
                )))
            }
            Stage::Alone(mut alone) => {
                alone.again = again;
                Stage::Alone(alone)
            }
        };
    }
}
