use proptest::prelude::*;

use super::super::log::Entry;
use super::super::turn::{Begins, encode};
use super::*;
use crate::limit::Limit;

/// What processes used of the last minutes: whose it was, how long after the one before, and how much.
fn used() -> impl Strategy<Value = Vec<(MemberId, u64, u64)>> {
    proptest::collection::vec((1..8_u64, 0..10 * SECOND, 0..2_000_u64), 1..60)
}

fn limits() -> Vec<Limit> {
    vec![
        Limit::tokens_per_minute(60_000).burst(20_000),
        Limit::calls_per_minute(600),
    ]
}

fn folded(used: &[(MemberId, u64, u64)]) -> (Account, Replica, u64) {
    let mut account = Account::of_several(limits(), 0);
    let (mut replica, mut at) = (Replica::default(), 1_000 * SECOND);
    for (number, (member, passed, tokens)) in (1..).zip(used) {
        at += passed;
        let begins = Begins {
            member: *member,
            first: number,
            tokens: vec![*tokens],
        };
        let entry = Entry {
            number,
            at: at / 1_000,
            facts: Vec::new(),
            claim: Some(encode(&begins)),
        };
        replica.fold(&mut account, &entry).expect("there is no gap");
    }
    (account, replica, at)
}

fn all(account: &Account, replica: &Replica, at: u64, typical: u64) -> Vec<Alone> {
    let mut journal = Journal::default();
    journal.begin(1, typical, 0, None);
    let members = replica.members.keys();
    members
        .map(|me| Alone::new(account, replica, &journal, *me, at, at))
        .collect()
}

proptest! {
    #[test]
    fn parts_are_no_more_than_all(used in used(), later in 0..100 * SECOND, typical in 0..30_000_u64) {
        let (account, replica, at) = folded(&used);
        let mut all = all(&account, &replica, at + later, typical);
        let parts = |all: &[Alone]| all.iter().map(|alone| alone.part).sum::<f64>();
        prop_assert!(parts(&all) <= 1.0 + 1e-9, "{}", parts(&all));
        prop_assert!(all.iter().all(|alone| alone.part > 0.0));
        let even = at + later + EVEN;
        all.iter_mut().for_each(|alone| alone.even_out(&account, even - 1));
        let before: Vec<_> = all.iter().map(|alone| alone.part).collect();
        all.iter_mut().for_each(|alone| alone.even_out(&account, even));
        prop_assert!(parts(&all) <= 1.0 + 1e-9, "{}", parts(&all));
        let least = all.iter().map(|alone| alone.part).fold(1.0, f64::min);
        prop_assert!(all.len() == 1 || least >= 0.45 / all.len() as f64, "those who did nothing have {}", least);
        // Once is enough.
        all.iter_mut().for_each(|alone| alone.even_out(&account, even + EVEN));
        for (before, alone) in before.iter().zip(&all).filter(|_| all.len() > 1) {
            let part = before / 2.0 + ALL / 2.0 / alone.live as f64;
            prop_assert!((alone.part - part).abs() < 1e-9, "{} instead of {part}", alone.part);
        }
    }

    #[test]
    fn each_waits_for_those_before_it(used in used(), typical in 1..30_000_u64) {
        let (account, replica, at) = folded(&used);
        for (rank, mut alone) in all(&account, &replica, at, typical).into_iter().enumerate() {
            let small = Amount::call(0);
            let worth = account.worth(Amount::call(typical)) as f64 / alone.part;
            let cycle = if alone.whole { (worth as u64).min(MINUTE) } else { SECOND };
            let lag = cycle / alone.live as u64 * rank as u64;
            let goes = alone.account.may_go_at(at, small);
            prop_assert!(goes >= at + lag, "{rank} goes {} s too early", (at + lag - goes) as f64 / 1e9);
        }
    }

    /// Only where all have less under way than the server holds.
    #[test]
    fn what_large_calls_give_back_is_left(used in used(), typical in 1_000..30_000_u64) {
        let (account, replica, at) = folded(&used);
        let later = at + 10 * MINUTE;
        for mut alone in all(&account, &replica, at, typical) {
            // Twice what the bucket is told to hold.
            let whole = alone.live > 1 && typical * alone.live as u64 > 40_001;
            prop_assert_eq!(alone.whole, whole, "{} calls of {}", alone.live, typical);
            let charge = alone.account.admit(later, Amount::call(typical)).expect("nothing was used for long");
            // So late that the server had it before whatever came since.
            let later = later + SECOND / 5;
            let lacks = alone.lacks(later).1;
            alone.end(later, &charge, Ended::Came(0));
            prop_assert_eq!(alone.lacks(later).1, if whole { lacks } else { 0 });
            prop_assert_eq!(alone.account.counts().pending, Amount::NONE);
        }
    }
}

#[test]
fn part_is_what_was_used_of_the_last_minute() {
    let (account, replica, at) = folded(&[(1, 0, 3_000), (2, 0, 1_000)]);
    let parts: Vec<_> = all(&account, &replica, at, 1)
        .iter()
        .map(|alone| alone.part)
        .collect();
    assert_eq!(parts, [ALL * 0.75, ALL * 0.25]);
    // Two minutes later nobody did anything: there is little for each, until it is shared out.
    let parts: Vec<_> = all(&account, &replica, at + 2 * MINUTE, 1)
        .iter()
        .map(|alone| alone.part)
        .collect();
    assert_eq!(parts, [LEAST / 2.0; 2]);
}

#[test]
fn one_that_has_no_other_has_all() {
    let (account, replica, at) = folded(&[(1, 0, 3_000)]);
    let alone = all(&account, &replica, at, 60_000).remove(0);
    assert_eq!((alone.part, alone.whole), (1.0, false));
}
