use std::collections::{BTreeMap, BTreeSet};

use super::replica::Member;
use super::turn::{Ended, Late};
use crate::account::Charge;

/// For so long a server's window counts a call, and some more: then nobody needs to hear of it any more. In nanoseconds.
const KEPT: u64 = 75 * 1_000_000_000;
/// What a bucket lacks by calls that are older is little. In nanoseconds.
const LATELY: u64 = 2_000_000_000;
/// So many that the log has are kept.
const MOST: usize = 16_384;

/// The calls of this process: those under way, and those that others may have to hear of once more.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    calls: BTreeMap<u64, Call>,
    next: u64,
    /// How many are under way, or have ended and the log has not got that.
    open: usize,
    /// Those that have ended and the log has not got, and since when it could have had the first.
    unlogged: BTreeSet<u64>,
    unlogged_since: Option<u64>,
    urgent: bool,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) tokens: u64,
    /// When it began, by the log's time.
    pub(crate) at: u64,
    /// What it was charged to the part that is ours while nobody hears of the others.
    pub(crate) alone: Option<Charge>,
    pub(crate) ended: Option<Ended>,
    /// Whether it began while the log was not heard.
    late: bool,
    /// Whether the log has its end.
    logged: bool,
}

impl Call {
    /// What the server has counted for it, if anything.
    fn came_to(&self) -> Option<u64> {
        match self.ended {
            Some(Ended::Refunded | Ended::Throttled { .. } | Ended::Exhausted(_)) => None,
            Some(Ended::Came(tokens)) => Some(tokens),
            Some(Ended::Kept) | None => Some(self.tokens),
        }
    }

    /// As it is told with its beginning, if it matters.
    fn late(&self, number: u64, at: u64) -> Option<Late> {
        let exhausted = self.is_exhausted();
        Some(Late {
            call: number,
            tokens: self.came_to().or(exhausted.then_some(self.tokens))?,
            is_over: self.ended.is_some() && !exhausted,
            ago: at.saturating_sub(self.at) / 1_000_000,
        })
    }

    /// Whether its end tells the others something, however late.
    fn is_exhausted(&self) -> bool {
        matches!(self.ended, Some(Ended::Exhausted(_)))
    }
}

impl Journal {
    /// Numbers for so many calls, the first of them.
    pub(crate) fn take_numbers(&mut self, calls: u64) -> u64 {
        let first = self.next.saturating_add(1);
        self.next = self.next.saturating_add(calls);
        first
    }

    pub(crate) fn begin(&mut self, number: u64, tokens: u64, at: u64, alone: Option<Charge>) {
        let had = self.calls.insert(
            number,
            Call {
                tokens,
                at,
                late: alone.is_some(),
                alone,
                ended: None,
                logged: false,
            },
        );
        self.open += usize::from(had.is_none_or(|had| had.logged));
    }

    pub(crate) fn get(&self, number: u64) -> Option<&Call> {
        self.calls.get(&number)
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Call> {
        self.calls.get_mut(&number)
    }

    /// The call is over, at that local time. `urgent`: others are to hear of it at once.
    pub(crate) fn end(&mut self, number: u64, ended: Ended, now: u64, urgent: bool) {
        let Some(call) = self.calls.get_mut(&number) else {
            return;
        };
        if call.ended.replace(ended).is_none() {
            self.unlogged.insert(number);
            self.unlogged_since.get_or_insert(now);
            self.urgent |= urgent;
        }
    }

    /// The log has its end.
    pub(crate) fn logged(&mut self, number: u64) {
        let Some(call) = self.calls.get_mut(&number) else {
            return;
        };
        if call.ended.is_some() && !std::mem::replace(&mut call.logged, true) {
            self.unlogged.remove(&number);
            self.open -= 1;
        }
        if self.unlogged.is_empty() {
            self.unlogged_since = None;
            self.urgent = false;
        }
    }

    /// When the log is to hear of the calls that have ended, if `patience` is how long that can wait.
    pub(crate) fn due(&self, patience: u64) -> Option<u64> {
        let patience = if self.urgent { 0 } else { patience };
        Some(self.unlogged_since?.saturating_add(patience))
    }

    /// The ends that the log has not got.
    pub(crate) fn unlogged(&self) -> impl Iterator<Item = (u64, Ended)> {
        let calls = self.unlogged.iter();
        calls.filter_map(|number| {
            let call = self.calls.get(number)?;
            let ended = call.ended?;
            let throttled = matches!(ended, Ended::Throttled { .. });
            // What was throttled while nobody knew of the others says nothing of the server.
            let ended = match call.late && throttled {
                true => Ended::Refunded,
                false => ended,
            };
            Some((*number, ended))
        })
    }

    /// What calls asked for last, in tokens.
    pub(crate) fn typical(&self) -> u64 {
        let last = self.calls.values().rev().take(8);
        last.map(|call| call.tokens).max().unwrap_or(0)
    }

    /// The calls that the log has not heard of, after the last of ours that it knows, at that time.
    pub(crate) fn unheard(&self, last: u64, at: u64) -> impl Iterator<Item = Late> {
        let calls = self.calls.range(last.saturating_add(1)..);
        calls.filter_map(move |(number, call)| call.late(*number, at))
    }

    /// The log was read anew, and knows that of us. What of it is not ours any more was never sent.
    pub(crate) fn reconcile(&mut self, known: Option<&Member>, now: u64) {
        let nothing = Member::default();
        let known = known.unwrap_or(&nothing);
        self.unlogged.clear();
        for (number, call) in &mut self.calls {
            // Should the log be gone once more, that is another account.
            call.alone = None;
            let ended = call.ended.is_some();
            // What the log has not heard of it is told with its beginning.
            call.logged = ended
                && match *number > known.begun {
                    true => !call.is_exhausted(),
                    false => !known.pending.contains_key(number),
                };
            if ended && !call.logged {
                self.unlogged.insert(*number);
            }
        }
        for (number, charge) in &known.pending {
            self.next = self.next.max(*number);
            if !self.calls.contains_key(number) {
                self.begin(*number, charge.amount().tokens, known.heard, None);
                self.end(*number, Ended::Refunded, now, false);
            }
        }
        self.next = self.next.max(known.begun);
        self.open = self.calls.values().filter(|call| !call.logged).count();
        self.unlogged_since = (!self.unlogged.is_empty()).then_some(now);
        self.urgent = false;
    }

    /// What the calls since then came to, by when they began.
    pub(crate) fn since(&self, at: u64) -> Vec<(u64, u64)> {
        let calls = self.calls.values().filter(|call| call.at >= at);
        let mut calls: Vec<_> = calls
            .filter_map(|call| Some((call.at, call.came_to()?)))
            .collect();
        calls.sort_unstable();
        calls
    }

    /// What began in the last two seconds: calls and tokens.
    pub(crate) fn lately(&self, at: u64) -> (u64, u64) {
        let calls = self.since(at.saturating_sub(LATELY));
        let tokens = calls
            .iter()
            .fold(0, |sum: u64, (_, tokens)| sum.saturating_add(*tokens));
        (calls.len() as u64, tokens)
    }

    /// Whether the log has heard of everything, and nothing is under way.
    pub(crate) fn is_settled(&self) -> bool {
        self.open == 0
    }

    /// Forgets what nobody needs to hear of any more.
    pub(crate) fn prune(&mut self, at: u64) {
        let too_many = self.calls.len().saturating_sub(MOST);
        let mut passed = 0;
        self.calls.retain(|_, call| {
            passed += 1;
            let old = passed <= too_many || at.saturating_sub(call.at) >= KEPT;
            !(call.logged && old)
        });
    }
}

#[cfg(test)]
mod tests;
