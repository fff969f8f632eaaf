use super::journal::Journal;
use super::replica::{self, Replica};
use super::turn::{Ended, MemberId};
use crate::account::{Account, Charge};
use crate::limit::Amount;

const SECOND: u64 = 1_000_000_000;
/// The parts of all processes come to no more than that.
const ALL: f64 = 0.95;
/// The part of a process that used nothing, of an equal share.
const LEAST: f64 = 0.05;
/// The part where nobody knows how many others there are.
const UNKNOWN: f64 = 0.1;
/// After so long what those had who do nothing is shared out.
const EVEN: u64 = 75 * SECOND;
const MINUTE: u64 = 60 * SECOND;

/// How a process goes on while the log does not answer: by the part of the limits that was its own before.
#[derive(Debug)]
pub(crate) struct Alone {
    pub(crate) account: Account,
    /// When the log is tried again, by the key's time.
    pub(crate) again: u64,
    /// Since when, by the log's time.
    since: u64,
    part: f64,
    live: usize,
    evened: bool,
    /// Whether calls are so large that what they give back is left: by their parts alone all processes together would
    /// have more of them under way than the server holds.
    whole: bool,
}

impl Alone {
    pub(crate) fn new(
        account: &Account,
        replica: &Replica,
        journal: &Journal,
        me: MemberId,
        at: u64,
        again: u64,
    ) -> Self {
        let (used, others) = replica.part_of(me, at);
        let live = others + 1;
        let part = match others {
            0 if !replica.members.contains_key(&me) => UNKNOWN,
            0 => 1.0,
            _ => (ALL * used).max(LEAST / live as f64),
        };
        let lately = journal.since(at.saturating_sub(MINUTE)).into_iter();
        let lately = lately.map(|(at, tokens)| (at, Amount::call(tokens)));
        let typical = journal.typical();
        let of_all = Amount::call(typical.saturating_mul(live as u64));
        let whole = live > 1 && !account.holds_half(of_all);
        // One after the other: none knows what another begins now.
        let cycle = match whole {
            true => (account.worth(Amount::call(typical)) as f64 / part) as u64,
            false => SECOND,
        };
        let lag = cycle.min(MINUTE) / live as u64 * replica.rank_of(me) as u64;
        Self {
            whole,
            account: account.part(part, (at, at.saturating_add(lag)), lately),
            again,
            since: at,
            part,
            live,
            evened: false,
        }
    }

    /// Nobody has heard of the log yet, nor how many others there are.
    pub(crate) fn never_joined(account: &Account, at: u64, again: u64) -> Self {
        Self {
            account: account.part(UNKNOWN, (at, at), []),
            again,
            since: at,
            part: UNKNOWN,
            live: 1,
            evened: true,
            whole: true,
        }
    }

    /// A call is over that began alone.
    pub(crate) fn end(&mut self, at: u64, charge: &Charge, ended: Ended) {
        let ended = match ended {
            Ended::Came(_) if self.whole => Ended::Kept,
            ended => ended,
        };
        replica::end(&mut self.account, at, charge, ended);
    }

    /// What a bucket lacks by now, by calls that began alone: calls and tokens.
    pub(crate) fn lacks(&mut self, at: u64) -> (u64, u64) {
        let Amount { calls, tokens } = self.account.lacks(at);
        (calls, tokens)
    }

    /// Those who did much have less to do by and by, and others more.
    pub(crate) fn even_out(&mut self, whole: &Account, at: u64) {
        if !self.evened && at.saturating_sub(self.since) >= EVEN && self.live > 1 {
            self.evened = true;
            self.part = self.part / 2.0 + ALL / 2.0 / self.live as f64;
            self.account.set_part(at, whole, self.part);
        }
    }
}

#[cfg(test)]
mod tests;
