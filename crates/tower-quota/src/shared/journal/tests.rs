use proptest::prelude::*;

use super::super::log::{Entry, Totals};
use super::super::replica::Replica;
use super::super::turn::{Begins, Facts, encode};
use super::*;
use crate::account::Account;
use crate::limit::Limit;

const SECOND: u64 = 1_000_000_000;
const ME: u64 = 7;

#[derive(Clone, Debug)]
enum Op {
    Wait(u64),
    /// So many calls are claimed, of which that one's answer is lost if it is.
    Claim(u64, bool),
    /// A call begins while the log is not heard.
    Alone(u64),
    End(usize, Ended),
    /// What has ended is told.
    Tell,
    /// The log is read again, and has lost that part of its entries.
    Lose(u8),
}

fn ended() -> impl Strategy<Value = Ended> {
    prop_oneof![
        3 => (0..100_u64).prop_map(Ended::Came),
        1 => Just(Ended::Kept),
        1 => Just(Ended::Refunded),
        1 => Just(Ended::Throttled { tokens: None, hold: None }),
        1 => (0..SECOND).prop_map(Ended::Exhausted),
    ]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        2 => (0..SECOND).prop_map(Op::Wait),
        4 => (1..4_u64, proptest::bool::weighted(0.2)).prop_map(|(calls, lost)| Op::Claim(calls, lost)),
        3 => (0..100_u64).prop_map(Op::Alone),
        6 => (any::<usize>(), ended()).prop_map(|(n, ended)| Op::End(n, ended)),
        3 => Just(Op::Tell),
        2 => (0..=100_u8).prop_map(Op::Lose),
    ];
    proptest::collection::vec(op, 1..80)
}

/// A log of one process, and what is known by it.
#[derive(Default)]
struct Log {
    entries: Vec<Entry>,
}

impl Log {
    fn append(&mut self, at: u64, facts: Option<&Facts>, begins: Option<&Begins>) {
        self.entries.push(Entry {
            number: self.entries.len() as u64 + 1,
            at: at / 1_000,
            facts: facts.map(encode).unwrap_or_default(),
            claim: begins.map(encode),
        });
    }

    fn read(&self) -> Replica {
        let mut account = Account::new(vec![Limit::calls_per_minute(60)], 0);
        let mut replica = Replica::default();
        for entry in &self.entries {
            replica.fold(&mut account, entry).expect("there is no gap");
        }
        replica.totals = Totals::default();
        replica
    }
}

/// What is missing is told.
fn tell(journal: &mut Journal, log: &mut Log, now: u64) -> Facts {
    let known = log.read();
    let last = known.members.get(&ME).map_or(0, |member| member.begun);
    let mut facts = Facts::of(ME);
    facts.late = journal.unheard(last, now).collect();
    facts.ended = journal.unlogged().collect();
    if !facts.is_empty() {
        log.append(now, Some(&facts), None);
    }
    for (number, _) in &facts.ended {
        journal.logged(*number);
    }
    facts
}

proptest! {
    #[test]
    fn what_the_log_has_lost_is_told_once_more(ops in ops()) {
        let (mut journal, mut log) = (Journal::default(), Log::default());
        let mut now = 100 * SECOND;
        let mut under_way: Vec<u64> = Vec::new();
        let mut used = 0;
        for op in ops {
            now += 1;
            match op {
                Op::Wait(time) => now += time,
                Op::Claim(calls, lost) => {
                    let first = journal.take_numbers(calls);
                    prop_assert!(first > used, "{first} was used before");
                    used = first + calls - 1;
                    let begins = Begins { member: ME, first, tokens: vec![50; calls as usize] };
                    // Whatever is to be told goes with it.
                    tell(&mut journal, &mut log, now);
                    log.append(now, None, Some(&begins));
                    if lost {
                        journal.reconcile(log.read().members.get(&ME), now);
                    } else {
                        for (number, tokens) in begins.calls() {
                            journal.begin(number, tokens, now, None);
                            under_way.push(number);
                        }
                    }
                }
                Op::Alone(tokens) => {
                    let number = journal.take_numbers(1);
                    prop_assert!(number > used, "{number} was used before");
                    used = number;
                    journal.begin(number, tokens, now, Some(Charge::numbered(0, now, tokens)));
                    under_way.push(number);
                }
                Op::End(n, ended) if !under_way.is_empty() => {
                    let number = under_way.swap_remove(n % under_way.len());
                    journal.end(number, ended, now, false);
                    prop_assert!(journal.due(0).is_some_and(|due| due <= now));
                }
                Op::End(..) => {}
                Op::Tell => drop(tell(&mut journal, &mut log, now)),
                Op::Lose(percent) => {
                    log.entries.truncate(log.entries.len() * usize::from(100 - percent.min(100)) / 100);
                    let known = log.read();
                    journal.reconcile(known.members.get(&ME), now);
                    tell(&mut journal, &mut log, now);
                    // Then the log has exactly those under way, and all that it still needs.
                    let known = log.read();
                    let known = known.members.get(&ME);
                    let pending: Vec<_> = known.map(|known| known.pending.keys().copied().collect()).unwrap_or_default();
                    let mut mine = under_way.clone();
                    mine.sort_unstable();
                    prop_assert_eq!(pending, mine);
                    journal.reconcile(known, now);
                    let again = tell(&mut journal, &mut log, now);
                    prop_assert!(again.is_empty(), "it is told twice: {:?}", again);
                    prop_assert!(journal.due(0).is_none());
                    prop_assert_eq!(journal.is_settled(), under_way.is_empty());
                }
            }
        }
    }

    /// Others may have told the log of calls under our name that we know nothing of.
    #[test]
    fn calls_that_nobody_sent_are_given_back(begun in 0..100_u64, pending in proptest::collection::btree_set(1..150_u64, 0..20)) {
        let mut journal = Journal::default();
        let charge = |number: &u64| (*number, Charge::numbered(0, 0, 5));
        let mut known = Member::default();
        known.begun = begun;
        known.pending = pending.iter().map(charge).collect();
        journal.reconcile(Some(&known), SECOND);
        let told: Vec<_> = journal.unlogged().collect();
        let refunds: Vec<_> = pending.iter().map(|number| (*number, Ended::Refunded)).collect();
        prop_assert_eq!(told, refunds);
        let next = journal.take_numbers(1);
        prop_assert!(next > begun && pending.iter().all(|number| next > *number));
    }
}

#[test]
fn what_the_log_has_is_forgotten_after_a_time_or_beyond_a_number() {
    let mut journal = Journal::default();
    for number in 1..=3 * MOST as u64 {
        journal.begin(number, 1, number, None);
        journal.end(number, Ended::Came(1), number, false);
        if number % 3 > 0 {
            journal.logged(number);
        }
    }
    journal.prune(SECOND);
    let untold = MOST as u64;
    assert!(journal.calls.len() <= MOST + untold as usize);
    assert_eq!(
        journal.unlogged().count() as u64,
        untold,
        "what was not told is kept"
    );
    journal.prune(SECOND + KEPT + 3 * MOST as u64);
    assert_eq!(journal.calls.len() as u64, untold);
}

#[test]
fn what_was_throttled_alone_counts_as_never_sent() {
    let mut journal = Journal::default();
    let throttled = Ended::Throttled {
        tokens: Some(true),
        hold: Some(SECOND),
    };
    journal.begin(1, 5, 0, Some(Charge::numbered(0, 0, 5)));
    journal.begin(2, 5, 0, None);
    journal.end(1, throttled, 0, false);
    journal.end(2, throttled, 0, false);
    let told: Vec<_> = journal.unlogged().collect();
    assert_eq!(told, [(1, Ended::Refunded), (2, throttled)]);
}

#[test]
fn urgent_news_does_not_wait() {
    let mut journal = Journal::default();
    journal.begin(1, 5, 0, None);
    journal.begin(2, 5, 0, None);
    assert_eq!(journal.due(SECOND), None);
    journal.end(1, Ended::Came(1), 10, false);
    assert_eq!(journal.due(SECOND), Some(10 + SECOND));
    journal.end(2, Ended::Came(1), 20, true);
    assert_eq!(journal.due(SECOND), Some(10));
    journal.logged(1);
    journal.logged(2);
    assert_eq!(journal.due(SECOND), None);
}
