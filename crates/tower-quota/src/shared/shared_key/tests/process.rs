//! A process, with calls that wait and others that are under way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::super::super::turn::{Ended, Wanted};
use super::super::{Next, SharedKey};
use crate::account::{Account, Charge};
use crate::call::Throttle;
use crate::limit::{Amount, Limit};

const SECOND: u64 = 1_000_000_000;

pub(super) struct Process {
    pub(super) key: SharedKey,
    pub(super) account: Account,
    begun: u64,
    /// By how much its clock is fast, in millionths.
    drift: i64,
    waiting: VecDeque<Wanted>,
    pub(super) under_way: BTreeMap<u64, Charge>,
    /// Calls that were sent, and are over.
    over: BTreeSet<u64>,
    /// The question that is not answered, and when it was sent.
    pub(super) asked: Option<(u64, u64)>,
    /// Of which wake-up call it takes notice.
    pub(super) wakes: u64,
}

impl Process {
    pub(super) fn new(me: u64, limits: &[Limit], begun: u64, drift: i64) -> Self {
        Self {
            key: SharedKey::new(me, limits.to_vec(), 0, 60 * SECOND),
            account: Account::new(limits.to_vec(), 0),
            begun,
            drift,
            waiting: VecDeque::new(),
            under_way: BTreeMap::new(),
            over: BTreeSet::new(),
            asked: None,
            wakes: 0,
        }
    }

    pub(super) fn local(&self, now: u64) -> u64 {
        let passed = now - self.begun;
        passed.saturating_add_signed(passed as i64 / 1_000_000 * self.drift)
    }

    /// When its clock shows that, or a little later.
    pub(super) fn global(&self, local: u64) -> u64 {
        let local = local.min(1 << 60);
        self.begun + local.saturating_add_signed(local as i64 / 1_000_000 * -self.drift) + 1_000
    }

    /// One after the other, but the higher priority first.
    pub(super) fn comes(&mut self, class: u8, tokens: u64) {
        let worth = self.account.worth(Amount::call(tokens));
        let place = self.waiting.partition_point(|other| other.class <= class);
        self.waiting.insert(
            place,
            Wanted {
                class,
                tokens,
                worth,
            },
        );
    }

    pub(super) fn waits(&self) -> usize {
        self.waiting.len()
    }

    /// Calls that begin now.
    pub(super) fn begin(&mut self, now: u64) -> Vec<(u64, u64)> {
        let now = self.local(now);
        let mut begun = Vec::new();
        while let Some(first) = self.waiting.front() {
            let amount = first.amount();
            let Ok(charge) = self.key.admit(&mut self.account, now, amount) else {
                break;
            };
            assert!(
                charge.amount().tokens >= amount.tokens,
                "it was granted less than it takes"
            );
            let number = charge.number();
            assert!(
                !self.over.contains(&number),
                "call {number} begins once more"
            );
            begun.push((number, charge.amount().tokens));
            let twice = self.under_way.insert(number, charge);
            assert!(twice.is_none(), "call {number} begins twice");
            self.waiting.pop_front();
        }
        begun
    }

    pub(super) fn next(&mut self, now: u64) -> Next {
        let now = self.local(now);
        let wanted: Vec<_> = self
            .waiting
            .iter()
            .take(self.key.looks_at())
            .copied()
            .collect();
        self.key.next(&mut self.account, now, &wanted)
    }

    /// The call is over: it was never sent, was throttled, or came to that part of what it reserved.
    pub(super) fn ends(&mut self, now: u64, number: u64, kind: u8, part: f64) {
        let now = self.local(now);
        let Some(charge) = self.under_way.remove(&number) else {
            return;
        };
        let ended = match kind {
            0 => Ended::Refunded,
            1 => {
                self.over.insert(number);
                let retry_after =
                    (part > 0.5).then(|| std::time::Duration::from_secs(1).mul_f64(part));
                let throttle = Throttle::Rate {
                    retry_after,
                    unit: None,
                };
                return self.key.throttled(now, &charge, throttle);
            }
            2 => Ended::Kept,
            _ => Ended::Came((charge.amount().tokens as f64 * part) as u64),
        };
        if ended != Ended::Refunded {
            self.over.insert(number);
        }
        self.key.confirmed(now, &charge);
        self.key.end(&self.account, now, &charge, ended);
    }

    /// All that it had under way is over, and told.
    pub(super) fn is_over(&self) {
        assert_eq!(self.waits(), 0, "some wait for ever");
        assert!(self.under_way.is_empty());
        assert!(self.key.grants.is_empty(), "{:?}", self.key.grants);
        assert!(self.key.is_settled(), "{:?}", self.key.journal);
    }
}
