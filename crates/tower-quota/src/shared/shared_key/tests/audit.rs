//! One account that sees all, beside those that do not.

use std::collections::VecDeque;

use super::super::super::log::{Entry, Totals};
use super::super::super::replica::Replica;
use super::super::super::snapshot;
use super::super::super::turn::{Begins, Facts, decode};
use super::super::SharedKey;
use super::fleet::{BEGUN, DRIFT, LONGEST};
use crate::account::{Account, Outlook};
use crate::limit::{Amount, Limit};

/// So near to each other are the times that are looked at, of those that clocks may differ by.
const STEP: u64 = 2_000_000;

/// No claim comes so much later than it was decided on, in entries.
const PAST: usize = 256;

pub(super) struct Audit {
    pub(super) account: Account,
    pub(super) replica: Replica,
    /// The last entries, and what was known after each.
    past: VecDeque<(Entry, Vec<u8>)>,
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
            past: VecDeque::new(),
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
            // It knew what it tells, or decided before that was folded; or before the others' facts were, which make no
            // claim void.
            let mut accounts = vec![self.account.clone(), self.after_facts(entry)];
            accounts.extend(self.as_seen(seen));
            let slack = self.slack(entry);
            let at = entry.at * 1_000;
            // It was decided on before, where it took long to come: what is tried is tried at that time.
            let before = (0..LONGEST / STEP).map(|step| at - step * STEP);
            let times = (0..=slack / STEP)
                .map(|step| at + step * STEP)
                .chain(before);
            let latest = at + slack;
            let lets = times.into_iter().any(|at| {
                let mut accounts = accounts.iter().cloned();
                accounts.any(|account| lets(account, (at, latest), &begins))
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
        let written = snapshot::write(&self.account, &self.replica);
        self.past.push_back((entry.clone(), written));
        if self.past.len() > PAST {
            self.past.pop_front();
        }
    }

    /// The account as one knows it who has read up to `seen`, and of what came since what was claimed.
    fn as_seen(&self, seen: u64) -> Option<Account> {
        let mut past = self
            .past
            .iter()
            .skip_while(|(entry, _)| entry.number < seen);
        let (entry, written) = past.next().filter(|(entry, _)| entry.number == seen)?;
        let (mut account, mut replica) = snapshot::read(written)?;
        replica.position.number = entry.number;
        for (entry, _) in past {
            let facts = Vec::new();
            let claim = entry.claim.clone();
            replica.fold(
                &mut account,
                &Entry {
                    facts,
                    claim,
                    ..*entry
                },
            )?;
        }
        Some(account)
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

fn lets(mut account: Account, (at, latest): (u64, u64), begins: &Begins) -> bool {
    // Whoever is to wait asks again just then: some trials are worth it at no other time.
    let first = begins
        .tokens
        .first()
        .map_or(Amount::NONE, |tokens| Amount::call(*tokens));
    let at = match account.clone().outlook(at, first) {
        Outlook::Waits(until) if until < latest => until + 1_000,
        Outlook::Waits(_) | Outlook::Goes(_) | Outlook::GoesFirst => at,
    };
    begins.calls().all(|(_, tokens)| {
        let amount = Amount::call(tokens);
        let goes = account.outlook(at, amount);
        account.record(at, amount);
        !matches!(goes, Outlook::Waits(_))
    })
}
