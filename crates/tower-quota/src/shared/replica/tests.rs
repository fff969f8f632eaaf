mod entries;

use proptest::prelude::*;

use self::entries::{Op, SECOND, log, ops};
use super::super::log::{Append, Base, Heard, Loaded, Tail};
use super::super::shared_key::{Next, SharedKey};
use super::super::snapshot;
use super::super::turn::{Wanted, encode};
use super::*;
use crate::limit::Limit;

const ME: MemberId = 1;
/// So much earlier the process's clock began.
const APART: u64 = 1_000_000 * SECOND;

fn limits() -> Vec<Limit> {
    vec![
        Limit::tokens_per_minute(60_000).burst(20_000),
        Limit::calls_per_minute(600),
    ]
}

/// A process that has read the log up to there.
struct Process {
    key: SharedKey,
    account: Account,
}

impl Process {
    fn joins(
        now: u64,
        snapshot: Option<(u64, Vec<u8>)>,
        at: u64,
        totals: Totals,
        entries: &[Entry],
    ) -> Self {
        let mut account = Account::of_several(limits(), 0);
        let mut key = SharedKey::new(ME, limits(), now, SECOND);
        let begins = snapshot.as_ref().map_or(0, |snapshot| snapshot.0);
        let number = entries.last().map_or(begins, |entry| entry.number);
        let position = Position { epoch: 9, number };
        let entries = entries.to_vec();
        let tail = Tail {
            position,
            at,
            totals,
            entries,
        };
        key.loaded(&mut account, (now, now), &Loaded { snapshot, tail });
        Self { key, account }
    }

    fn told(&mut self, now: u64, entry: &Entry, totals: Totals) {
        let entry = entry.clone();
        self.key.told(
            &mut self.account,
            now,
            &Heard::Entry {
                epoch: 9,
                totals,
                entry,
            },
        );
    }

    /// All that is asked of a key, which changes nothing that others share.
    fn asked(&mut self, now: u64, what: u64, tokens: u64) {
        let Self { key, account } = self;
        let amount = Amount::call(tokens);
        let wanted = Wanted {
            class: 1,
            tokens,
            worth: account.worth(amount),
        };
        match what % 7 {
            0 => drop(key.admit(account, now, amount)),
            1 => drop(key.newcomer_goes_at(account, now, amount)),
            2 => drop(key.view(account).fits_at(key_time(now), amount, amount)),
            3 => drop(key.view(account).meters(key_time(now)).len()),
            4 => drop(key.view(account).forecast(key_time(now))),
            5 => drop(key.view(account).whole_at(key_time(now))),
            _ => drop(key.next(account, now, &vec![wanted; (what / 7 % 5) as usize])),
        }
    }

    fn snapshot(&self) -> Vec<u8> {
        snapshot::write(&self.account, self.key.replica())
    }
}

fn key_time(now: u64) -> u64 {
    now + APART
}

proptest! {
    /// One is asked all kinds of things between, one comes half-way.
    #[test]
    fn who_folds_the_same_knows_the_same(ops in ops(), half in 0..60_usize) {
        let entries = log(&ops);
        let begun = entries.first().map_or(0, |(entry, _)| entry.at);
        let mut account = Account::of_several(limits(), begun * 1_000);
        let mut replica = Replica::default();
        let local = |at: u64| (at * 1_000).saturating_sub(APART);
        let mut asked = Process::joins(local(begun), None, begun, Totals::default(), &[]);
        let mut late: Option<Process> = None;
        let mut entries = entries.iter();
        let mut at = begun;
        let mut folded = 0;
        for op in &ops {
            let Op::Entry(..) = op else {
                if let Op::Ask(what, tokens, ahead) = op {
                    asked.asked(local(at) + ahead, *what, *tokens);
                }
                continue;
            };
            let (entry, totals) = entries.next().expect("there is one for each");
            at = entry.at;
            replica.fold(&mut account, entry).expect("there is no gap");
            replica.count_unread(&mut account, *totals);
            asked.told(local(at), entry, *totals);
            // What comes twice is passed over.
            asked.told(local(at), entry, *totals);
            if let Some(late) = &mut late {
                late.told(local(at), entry, *totals);
            }
            folded += 1;
            let mine = snapshot::write(&account, &replica);
            prop_assert_eq!(&asked.snapshot(), &mine, "after {} entries", folded);
            if folded == half {
                let snapshot = Some((entry.number, mine.clone()));
                late = Some(Process::joins(local(at), snapshot, at, *totals, &[]));
            }
            if let Some(late) = &late {
                prop_assert_eq!(&late.snapshot(), &mine, "of one that came after {} entries", half);
            }
        }
    }

    /// Whoever comes first or later: a log without a snapshot is the same to all.
    #[test]
    fn account_begins_with_the_log(ops in ops(), waited in 0..100 * SECOND) {
        let entries = log(&ops);
        let Some(((first, _), (last, totals))) = entries.first().zip(entries.last()) else {
            return Ok(());
        };
        let only: Vec<_> = entries.iter().map(|(entry, _)| entry.clone()).collect();
        let before = first.at - waited / 1_000;
        let local = |at: u64| (at * 1_000).saturating_sub(APART);
        let mut early = Process::joins(local(before), None, before, Totals::default(), &[]);
        for (entry, totals) in &entries {
            early.told(local(entry.at), entry, *totals);
        }
        prop_assume!(early.key.replica().totals == *totals);
        let late = Process::joins(local(last.at), None, last.at, *totals, &only);
        // What no entry tells of is charged when it is heard of.
        let unread = ops.iter().any(|op| matches!(op, Op::Entry(entry) if entry.is_unread()));
        prop_assert!(unread || early.snapshot() == late.snapshot());
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in proptest::collection::vec((any::<Vec<u8>>(), proptest::option::of(any::<Vec<u8>>()), 0..100 * SECOND), 1..20),
        ops in ops(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..20),
    ) {
        let mut entries: Vec<_> = log(&ops).into_iter().map(|(entry, _)| entry).collect();
        for (entry, at, byte) in flips {
            if !entries.is_empty() {
                let entry = at_index(&mut entries, entry);
                let bytes = entry.claim.as_mut().filter(|_| byte % 2 == 0).unwrap_or(&mut entry.facts);
                if !bytes.is_empty() {
                    *at_index(bytes, at) = byte;
                }
            }
        }
        let (mut at, mut number) = entries.last().map_or((APART, 0), |entry| (entry.at, entry.number));
        for (facts, claim, passed) in bytes {
            at += passed / 1_000;
            number += 1;
            // As if it was of this format, every other time.
            let of = |bytes: Vec<u8>| [encode(&()), bytes].concat();
            let (facts, claim) = match number % 2 {
                0 => (facts, claim),
                _ => (of(facts), claim.map(of)),
            };
            entries.push(Entry { number, at, facts, claim });
        }
        let first = entries[0].at;
        let local = |at: u64| (at * 1_000).saturating_sub(APART);
        let mut process = Process::joins(local(first), None, first, Totals::default(), &[]);
        for entry in &entries {
            let totals = Totals { calls: u64::MAX, tokens: u64::MAX, stops: u64::MAX };
            process.told(local(entry.at), entry, totals);
            process.asked(local(entry.at), entry.number, entry.at % 1_000);
            if let Some(next) = next_of(&mut process, local(entry.at)) {
                prop_assert!(next.seen.number <= entry.number);
            }
        }
        let written = process.snapshot();
        prop_assert!(snapshot::read(&written).is_some());
    }
}

fn at_index<T>(of: &mut [T], index: prop::sample::Index) -> &mut T {
    let at = index.index(of.len());
    &mut of[at]
}

fn next_of(process: &mut Process, now: u64) -> Option<Append> {
    let Process { key, account } = process;
    let wanted = Wanted {
        class: 1,
        tokens: 10,
        worth: SECOND,
    };
    match key.next(account, now, &[wanted; 3]) {
        Next::Append(append) => Some(append),
        Next::Load(base) => {
            assert!(base != Base::default());
            None
        }
        Next::Save(..) | Next::Wait(_) => None,
    }
}

/// An entry that is not the next is a gap, and one of before is nothing.
#[test]
fn what_is_missing_is_noticed() {
    let mut account = Account::of_several(limits(), 0);
    let mut replica = Replica::default();
    let entry = |number| Entry {
        number,
        at: 5,
        facts: Vec::new(),
        claim: None,
    };
    assert!(replica.fold(&mut account, &entry(2)).is_none());
    assert!(replica.fold(&mut account, &entry(1)).is_some());
    let again = replica.fold(&mut account, &entry(1)).unwrap();
    assert!(again.facts.is_none() && again.begins.is_none());
    assert_eq!(replica.position.number, 1);
}

/// A process that says nothing for a quarter of an hour is gone, and what it had under way counts as it was.
#[test]
fn who_is_gone_is_forgotten() {
    let mut account = Account::of_several(limits(), 0);
    let mut replica = Replica::default();
    let begins = |member, first| {
        encode(&super::Begins {
            member,
            first,
            tokens: vec![100; 3],
        })
    };
    let mut entry = Entry {
        number: 1,
        at: 1_000_000,
        facts: Vec::new(),
        claim: Some(begins(1, 1)),
    };
    let mut line = Facts::of(1);
    line.line = Some(vec![
        Wanted {
            class: 1,
            tokens: 5,
            worth: 5
        };
        2
    ]);
    entry.facts = encode(&line);
    replica.fold(&mut account, &entry).unwrap();
    let late = FORGOTTEN / 1_000;
    for number in 2..=SWEEP {
        entry = Entry {
            number,
            at: 1_000_000 + late - SWEEP + number,
            facts: Vec::new(),
            claim: Some(begins(2, number * 3)),
        };
        replica.fold(&mut account, &entry).unwrap();
        assert_eq!(replica.members.contains_key(&1), number < SWEEP);
    }
    assert!(replica.line.is_empty());
    assert_eq!(account.counts().pending.calls, 3 * (SWEEP - 1));
    assert_eq!(replica.part_of(2, replica.at), (1.0, 0));
}
