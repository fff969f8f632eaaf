//! What is told of limits, and what that changes.

use super::super::*;
use super::MINUTE;
use super::counted::{Counted, Server};

#[test]
fn told_burst_goes_at_once_and_is_unlearned_where_the_server_has_none() {
    let limits = vec![Limit::tokens_per_minute(60_000).burst(30_000)];
    let mut account = Account::new(limits, 0);
    let mut charges: Vec<_> = (0..29)
        .map(|_| account.admit(0, Amount::call(1000)).expect("it goes"))
        .collect();
    let late = charges.split_off(5);
    for charge in late.iter().rev() {
        account.blame_limit(SECOND / 10, charge, Some(Unit::Tokens));
    }
    for charge in &charges {
        account.settle(SECOND, charge, Amount::call(1000));
    }
    let snapshot = &account.meters(SECOND)[0];
    assert!(snapshot.burst_at_least() < 15_000, "{snapshot:?}");
}

#[test]
fn limits_of_a_day_are_not_spread_nor_tried() {
    let mut account = Account::new(vec![Limit::tokens_per_day(10_000)], 0);
    for _ in 0..10 {
        let charge = account.admit(0, Amount::call(1000)).expect("it goes");
        account.settle(0, &charge, Amount::call(1000));
    }
    let at = account
        .admit(SECOND, Amount::call(1000))
        .expect_err("it waits");
    assert!((86_400 * SECOND..87_000 * SECOND).contains(&at));
}

#[test]
fn unknown_limits_let_calls_go_at_once() {
    let mut account = Account::new(vec![Limit::tokens_per_minute(0).probing()], 0);
    assert!((0..4).all(|_| account.admit(0, Amount::call(1_000_000)).is_ok()));
    let all = Amount {
        calls: 1000,
        tokens: 1_000_000_000,
    };
    assert_eq!(account.fits_at(0, all, Amount::call(1)), 0);
}

#[test]
fn what_is_learned_survives_a_change_of_the_amount() {
    let mut account = Account::new(vec![Limit::tokens_per_minute(60_000)], 0);
    let mut now = 0;
    for _ in 0..30 {
        if let Ok(charge) = account.admit(now, Amount::call(1000)) {
            account.settle(now, &charge, Amount::call(1000));
        }
        now += SECOND / 10;
    }
    let before = account.meters(now)[0].burst_at_least();
    assert!(before > 10_000);
    account.set_limits(
        now,
        vec![
            Limit::tokens_per_minute(120_000),
            Limit::calls_per_minute(60),
        ],
    );
    let after = &account.meters(now)[0];
    assert_eq!((after.burst_at_least(), after.amount()), (before, 120_000));
}

#[test]
fn call_sent_before_a_limit_gives_it_nothing_back() {
    let mut account = Account::new(vec![Limit::calls_per_minute(60)], 0);
    let call = account.admit(0, Amount::call(900)).expect("it goes");
    let limits = vec![
        Limit::calls_per_minute(60),
        Limit::tokens_per_minute(60_000),
    ];
    account.set_limits(0, limits);
    let other = account.admit(2 * SECOND, Amount::call(900));
    account.settle(2 * SECOND, &call, Amount::call(0));
    let used: Vec<_> = account.meters(2 * SECOND).iter().map(Meter::used).collect();
    assert_eq!(used, [2, 900]);
    account.settle(2 * SECOND, &other.expect("it goes"), Amount::call(100));
    assert_eq!(account.meters(2 * SECOND)[1].used(), 100);
}

#[test]
fn amount_that_is_told_later_takes_the_place_of_the_guess() {
    let mut account = Account::new(vec![Limit::tokens_per_minute(0).probing()], 0);
    for _ in 0..4 {
        let call = account.admit(0, Amount::call(9000)).expect("it goes");
        account.settle(0, &call, Amount::call(9000));
    }
    account.set_limits(0, vec![Limit::tokens_per_minute(40_000)]);
    let meter = &account.meters(0)[0];
    assert_eq!((meter.used(), meter.amount()), (36_000, 40_000));
    assert!(account.admit(0, Amount::call(9000)).is_err());
}

#[test]
fn a_limit_told_again_is_the_same() {
    let guess = vec![Limit::tokens_per_minute(1).probing()];
    let mut account = Account::new(guess.clone(), 0);
    let mut server = Counted::new(Server::Bucket { capacity: 10_000 }, 60_000);
    let mut now = 0;
    // Until a throttle has made a guess of what was passed, and some more.
    while now < 5 * MINUTE {
        match account.admit(now, Amount::call(1000)) {
            Ok(charge) if server.admits(now, 1000) => {
                account.settle(now, &charge, Amount::call(1000));
            }
            Ok(charge) => {
                now += SECOND / 10;
                account.blame_limit(now, &charge, None);
            }
            Err(at) => now = at,
        }
    }
    let shown = |account: &mut Account| {
        let meter = &account.meters(now)[0];
        (meter.kind(), meter.amount(), meter.burst_at_least())
    };
    let before = shown(&mut account);
    assert!(before.1 > 10_000, "{before:?}");
    account.set_limits(now, guess);
    assert_eq!(shown(&mut account), before);
}

#[test]
fn the_second_that_a_bucket_is_taken_to_hold_is_unlearned() {
    // Ten calls a second, and room for two at once; an answer takes a second, a throttle a tenth.
    let mut account = Account::new(vec![Limit::calls_per_minute(600)], 0);
    let mut server = Counted::new(Server::Bucket { capacity: 2 }, 600);
    let mut under_way: Vec<(u64, Charge, bool)> = Vec::new();
    let (mut now, mut ok) = (0, 0);
    while now < 10 * MINUTE {
        let next = match account.admit(now, Amount::call(0)) {
            Ok(charge) => {
                let admitted = server.admits(now, 1);
                let takes = if admitted { SECOND } else { SECOND / 10 };
                under_way.push((now + takes, charge, admitted));
                continue;
            }
            Err(at) => at,
        };
        under_way.sort_by_key(|(due, ..)| std::cmp::Reverse(*due));
        match under_way.last() {
            Some((due, ..)) if *due <= next => {
                let (due, charge, admitted) = under_way.pop().expect("it is the last");
                now = due;
                if admitted {
                    account.settle(now, &charge, Amount::call(0));
                    ok += 1;
                } else {
                    account.blame_limit(now, &charge, None);
                }
            }
            _ => now = next,
        }
    }
    assert!(ok >= 6000 * 9 / 10, "{ok} of 6000");
}

#[test]
fn other_limits_end_what_an_old_hint_said() {
    let mut account = Account::new(vec![Limit::calls_per_minute(60)], 0);
    account.hold(0, u64::MAX);
    // A minute explains no longer hint.
    assert_eq!(account.admit(SECOND, Amount::call(0)), Err(60 * SECOND));
    account.set_limits(SECOND, vec![Limit::calls_per_minute(120)]);
    assert!(account.admit(SECOND, Amount::call(0)).is_ok());
}
