use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::line::Line;
use super::log::{Entry, Position, Totals};
use super::turn::{Begins, Ended, Facts, MemberId, decode};
use crate::account::{Account, Charge};
use crate::limit::{Amount, Unit};

/// A process of which nothing was heard for so long is forgotten, with what it has under way. In nanoseconds.
const FORGOTTEN: u64 = 15 * 60 * 1_000_000_000;
/// What a process used counts for its part for so long, or a fifth longer.
const LATELY: u64 = 60 * 1_000_000_000;
/// So often those who are gone are looked for: in entries.
const SWEEP: u64 = 64;

/// What all processes know of a key, besides its account: who they are, and what they wait for.
///
/// Each of them makes it of the same entries, in the same order, and so the same.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Replica {
    #[serde(skip)]
    pub(crate) position: Position,
    /// The time of the last entry, in nanoseconds.
    pub(crate) at: u64,
    #[serde(skip)]
    pub(crate) totals: Totals,
    pub(crate) line: Line,
    pub(crate) members: BTreeMap<MemberId, Member>,
}

/// A process.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Member {
    /// The highest number of a call that has begun.
    pub(crate) begun: u64,
    /// What was charged for those that are under way.
    pub(crate) pending: BTreeMap<u64, Charge>,
    /// When it was heard last.
    pub(crate) heard: u64,
    /// What its calls came to lately.
    lately: Lately,
}

/// Calls of the last minute, and the one before, by their worth.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Lately {
    since: u64,
    now: u64,
    before: u64,
}

impl Lately {
    fn add(&mut self, at: u64, worth: u64) {
        self.advance(at);
        self.now = self.now.saturating_add(worth);
    }

    fn advance(&mut self, at: u64) {
        let passed = at.saturating_sub(self.since);
        if passed >= LATELY {
            self.before = if passed < 2 * LATELY { self.now } else { 0 };
            self.now = 0;
            self.since = at;
        }
    }

    /// What a minute had.
    fn sum(mut self, at: u64) -> f64 {
        self.advance(at);
        let passed = at.saturating_sub(self.since) as f64 / LATELY as f64;
        self.now as f64 + self.before as f64 * (1.0 - passed).max(0.0)
    }
}

/// What became of the entry that was folded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folded {
    /// What a process told with it.
    pub(crate) facts: Option<Facts>,
    /// Calls that it has begun.
    pub(crate) begins: Option<Begins>,
}

impl Replica {
    /// Folds what came next. An entry of the past is passed over, and `None` is a gap.
    pub(crate) fn fold(&mut self, account: &mut Account, entry: &Entry) -> Option<Folded> {
        if entry.number <= self.position.number {
            return Some(Folded::default());
        }
        if entry.number != self.position.number + 1 {
            return None;
        }
        self.position.number = entry.number;
        let at = entry.at.saturating_mul(1_000);
        if self.at == 0 {
            // It begins with the log, whoever reads that when.
            *account = Account::of_several(account.limits(), at);
        }
        self.at = self.at.max(at);
        let facts: Option<Facts> = decode(&entry.facts);
        if let Some(facts) = &facts {
            self.fold_facts(account, facts);
        }
        let begins: Option<Begins> = entry.claim.as_deref().and_then(decode);
        if let Some(begins) = &begins {
            self.fold_begins(account, begins);
        }
        if entry.number % SWEEP == 0 {
            self.sweep(account);
        }
        Some(Folded { facts, begins })
    }

    /// What the log says of all claims up to here. What no entry that can be read has told of was used too.
    pub(crate) fn count_unread(&mut self, account: &mut Account, totals: Totals) {
        let more = Amount {
            calls: totals.calls.saturating_sub(self.totals.calls),
            tokens: totals.tokens.saturating_sub(self.totals.tokens),
        };
        if more != Amount::NONE {
            account.record_used(self.at, more);
        }
        self.totals = totals;
    }

    fn fold_facts(&mut self, account: &mut Account, facts: &Facts) {
        let at = self.at;
        let member = self.members.entry(facts.member).or_default();
        member.heard = at;
        for late in &facts.late {
            if late.call > member.begun {
                member.begun = late.call;
                let then = at.saturating_sub(late.ago.saturating_mul(1_000_000));
                let charge = account.record_late(at, then, Amount::call(late.tokens));
                match late.is_over {
                    true => account.keep(at, &charge),
                    false => drop(member.pending.insert(late.call, charge)),
                }
            }
        }
        let (calls, tokens) = facts.lacks;
        account.lacks_more(at, Amount { calls, tokens });
        for call in &facts.confirmed {
            if let Some(charge) = member.pending.get(call) {
                account.confirmed(at, charge);
            }
        }
        for (call, ended) in &facts.ended {
            if let Some(charge) = member.pending.remove(call) {
                end(account, at, &charge, *ended);
            }
        }
        for silent in &facts.silent {
            // Should it come back, it lines up as one that is new.
            self.line.forget(*silent);
        }
        if let Some(line) = &facts.line {
            self.line.set(facts.member, line);
        }
        self.totals.stops = self.totals.stops.saturating_add(facts.is_stop().into());
    }

    fn fold_begins(&mut self, account: &mut Account, begins: &Begins) {
        let at = self.at;
        let member = self.members.entry(begins.member).or_default();
        member.heard = at;
        for (call, tokens) in begins.calls() {
            let amount = Amount::call(tokens);
            self.totals.calls = self.totals.calls.saturating_add(1);
            self.totals.tokens = self.totals.tokens.saturating_add(tokens);
            // One that was heard of before was claimed twice.
            if call > member.begun {
                member.begun = call;
                member.lately.add(at, account.worth(amount));
                let charge = account.record(at, amount);
                member.pending.insert(call, charge);
            }
        }
        self.line.serve(begins.member, begins.tokens.len());
    }

    /// Forgets processes that are gone.
    fn sweep(&mut self, account: &mut Account) {
        let at = self.at;
        let line = &mut self.line;
        self.members.retain(|id, member| {
            let gone = at.saturating_sub(member.heard) >= FORGOTTEN;
            if gone {
                line.forget(*id);
                for charge in member.pending.values() {
                    account.keep(at, charge);
                }
            }
            !gone
        });
    }

    /// What part of the last minute's use was that of `member`, and how many others there are.
    pub(crate) fn part_of(&self, member: MemberId, now: u64) -> (f64, usize) {
        let sum = |member: &Member| member.lately.sum(now);
        let all: f64 = self.members.values().map(sum).sum();
        let own = self.members.get(&member).map_or(0.0, sum);
        let part = if all > 0.0 { own / all } else { 0.0 };
        let alive = |other: &Member| now.saturating_sub(other.heard) < FORGOTTEN;
        let others = self
            .members
            .iter()
            .filter(|(id, other)| **id != member && alive(other));
        (part, others.count())
    }

    /// How many processes come before `member`, by their numbers.
    pub(crate) fn rank_of(&self, member: MemberId) -> usize {
        self.members.range(..member).count()
    }
}

/// What a call came to.
pub(crate) fn end(account: &mut Account, at: u64, charge: &Charge, ended: Ended) {
    match ended {
        Ended::Came(tokens) => account.settle(at, charge, Amount::call(tokens)),
        Ended::Kept => account.keep(at, charge),
        Ended::Refunded => account.cancel(at, charge),
        Ended::Throttled { tokens, hold } => {
            let unit = tokens.map(|tokens| if tokens { Unit::Tokens } else { Unit::Calls });
            account.blame_limit(at, charge, unit);
            if let Some(hint) = hold {
                account.hold(at, hint);
            }
        }
        Ended::Exhausted(time) => {
            account.exhausted(at, charge, time);
        }
    }
}

#[cfg(test)]
mod tests;
