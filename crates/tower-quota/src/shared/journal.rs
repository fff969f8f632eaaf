use std::collections::{BTreeMap, BTreeSet};

use super::replica::Member;
use super::turn::Ended;
use crate::account::Charge;

/// For so long a server's window counts a call, and some more: then nobody needs to hear of it any more. In nanoseconds.
const KEPT: u64 = 75 * 1_000_000_000;
/// So many that the log has are kept.
const MOST: usize = 16_384;

/// The calls of this process: those under way, and those that others may have to hear of once more.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    calls: BTreeMap<u64, Call>,
    next: u64,
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

impl Journal {
    /// Numbers for so many calls, the first of them.
    pub(crate) fn take_numbers(&mut self, calls: u64) -> u64 {
        let first = self.next + 1;
        self.next += calls;
        first
    }

    pub(crate) fn begin(&mut self, number: u64, tokens: u64, at: u64, alone: Option<Charge>) {
        self.calls.insert(
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

    /// The calls that the log has not heard of, after the last of ours that it knows.
    pub(crate) fn unheard(&self, last: u64) -> impl Iterator<Item = (u64, u64)> {
        let calls = self.calls.range(last.saturating_add(1)..);
        calls
            .filter(|(_, call)| call.ended != Some(Ended::Refunded))
            .map(|(number, call)| (*number, call.tokens))
    }

    /// The log was read anew, and knows that of us. What of it is not ours any more was never sent.
    pub(crate) fn reconcile(&mut self, known: Option<&Member>, now: u64) {
        let nothing = Member::default();
        let known = known.unwrap_or(&nothing);
        self.unlogged.clear();
        for (number, call) in &mut self.calls {
            let ended = call.ended.is_some();
            let unheard = *number > known.begun && call.ended != Some(Ended::Refunded);
            call.logged = ended && !unheard && !known.pending.contains_key(number);
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
        self.unlogged_since = (!self.unlogged.is_empty()).then_some(now);
        self.urgent = false;
    }

    /// What the calls since then came to, by when they began.
    pub(crate) fn since(&self, at: u64) -> Vec<(u64, u64)> {
        let calls = self.calls.values().filter(|call| call.at >= at);
        let mut calls: Vec<_> = calls
            .filter_map(|call| match call.ended {
                Some(Ended::Refunded | Ended::Throttled { .. } | Ended::Exhausted(_)) => None,
                Some(Ended::Came(tokens)) => Some((call.at, tokens)),
                Some(Ended::Kept) | None => Some((call.at, call.tokens)),
            })
            .collect();
        calls.sort_unstable();
        calls
    }

    /// Whether the log has heard of everything, and nothing is under way.
    pub(crate) fn is_settled(&self) -> bool {
        self.calls.values().all(|call| call.logged)
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
