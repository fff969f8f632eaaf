//! One account that sees all, beside those that do not.

use super::super::super::log::{Entry, Totals};
use super::super::super::replica::Replica;
use super::super::super::snapshot;
use super::super::super::turn::{Begins, Facts, decode};
use super::super::SharedKey;
use super::fleet::{BEGUN, DRIFT};
use crate::account::Account;
use crate::limit::{Amount, Limit};

/// So many times are looked at in what clocks may differ by.
const PARTS: u64 = 8;

pub(super) struct Audit {
    pub(super) account: Account,
    pub(super) replica: Replica,
    /// The last entry that told of calls which had begun without the log.
    late: u64,
    /// By so much clocks may differ, and a claim may come earlier than it was thought to.
    slack: u64,
    pub(super) claims: u64,
}

impl Audit {
    pub(super) fn new(limits: Vec<Limit>, slack: u64) -> Self {
        Self {
            account: Account::of_several(limits, 0),
            replica: Replica::default(),
            late: 0,
            slack,
            claims: 0,
        }
    }

    /// That was appended by one who had read up to `seen`: would the account have let these calls begin?
    pub(super) fn sees(&mut self, entry: &Entry, totals: Totals, seen: u64) {
        let facts: Option<Facts> = decode(&entry.facts);
        let begins: Option<Begins> = entry.claim.as_deref().and_then(decode);
        if let Some(facts) = &facts {
            let both = facts.is_stop() && begins.is_some();
            assert!(
                !both,
                "entry {} goes on in spite of a throttle",
                entry.number
            );
            if !facts.late.is_empty() {
                self.late = entry.number;
            }
        }
        if let Some(begins) = begins.filter(|_| seen >= self.late) {
            self.claims += 1;
            // It knew what it tells, or decided before it was folded. And what is tried at one time may wait a moment
            // later, so as not to overtake others.
            let accounts = [self.account.clone(), self.after_facts(entry)];
            let slack = self.slack(entry);
            let times = (0..=PARTS).map(|part| entry.at * 1_000 + slack * part / PARTS);
            let lets = times.into_iter().any(|at| {
                accounts
                    .iter()
                    .any(|account| lets(account.clone(), at, &begins))
            });
            assert!(
                lets,
                "{begins:?} begin too early in entry {}: {}",
                entry.number,
                self.why(entry)
            );
        }
        self.replica
            .fold(&mut self.account, entry)
            .expect("there is no gap");
        self.replica.count_unread(&mut self.account, totals);
    }

    /// Who has heard nothing for long has a clock that went on by itself.
    fn slack(&self, entry: &Entry) -> u64 {
        self.slack + (entry.at - BEGUN) * 1_000 / 1_000_000 * DRIFT
    }

    /// For how long the first of those calls would have waited yet.
    fn why(&self, entry: &Entry) -> String {
        let at = entry.at * 1_000 + self.slack(entry);
        let begins = entry.claim.as_deref().and_then(decode::<Begins>);
        let first = begins.and_then(|begins| begins.tokens.first().copied());
        let amount = Amount::call(first.unwrap_or(0));
        let waits =
            |mut account: Account| account.may_go_at(at, amount).saturating_sub(at) / 1_000_000;
        let (before, after) = (waits(self.account.clone()), waits(self.after_facts(entry)));
        format!(
            "{before} ms, or {after} ms with what is told too: {:?}",
            decode::<Facts>(&entry.facts)
        )
    }

    /// The account with what is told together with the claim.
    fn after_facts(&self, entry: &Entry) -> Account {
        let written = snapshot::write(&self.account, &self.replica);
        let (mut account, mut replica) = snapshot::read(&written).expect("it is whole");
        replica.position = self.replica.position;
        let facts = Entry {
            claim: None,
            ..entry.clone()
        };
        replica.fold(&mut account, &facts).expect("there is no gap");
        account
    }

    /// Whoever has read as much knows the same.
    pub(super) fn agrees(&self, key: &SharedKey, account: &Account) {
        let read = key.replica.position;
        if read.number > 0 && read.number == self.replica.position.number {
            let same = snapshot::write(account, &key.replica)
                == snapshot::write(&self.account, &self.replica);
            assert!(
                same,
                "one of them knows something else after entry {}",
                read.number
            );
        }
    }
}

fn lets(mut account: Account, at: u64, begins: &Begins) -> bool {
    begins.calls().all(|(_, tokens)| {
        let amount = Amount::call(tokens);
        let goes = account.may_go_at(at, amount) <= at;
        account.record(at, amount);
        goes
    })
}
