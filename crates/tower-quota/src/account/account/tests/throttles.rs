//! What throttles and answers prove.

use std::collections::VecDeque;

use super::super::*;
use super::MINUTE;

#[test]
fn call_that_was_never_sent_proves_nothing() {
    let mut account = Account::new(vec![Limit::tokens_per_minute(60_000)], 0);
    let trial = account.admit(SECOND, Amount::call(9000)).expect("it goes");
    assert!(
        account.meters(10 * SECOND)[0].burst_at_least() >= 9000,
        "no throttle came"
    );
    account.cancel(10 * SECOND, &trial);
    assert_eq!(account.meters(10 * SECOND)[0].used(), 0);
    let second = account
        .admit(11 * SECOND, Amount::call(9000))
        .expect("it goes");
    account.confirmed(11 * SECOND, &second);
    let third = account
        .admit(11 * SECOND + SECOND / 10, Amount::call(9000))
        .expect("it goes");
    let proven = account.meters(20 * SECOND)[0].burst_at_least();
    assert!(proven > 17_000, "{proven}");
    account.cancel(20 * SECOND, &third);
    assert!(account.meters(20 * SECOND)[0].burst_at_least() < proven);
}

#[test]
fn first_event_confirms_and_a_late_throttle_takes_that_back() {
    let mut account = Account::new(vec![Limit::tokens_per_minute(60_000)], 0);
    let trial = account.admit(SECOND, Amount::call(9000)).expect("it goes");
    account.confirmed(SECOND * 11 / 10, &trial);
    assert!(account.meters(SECOND * 11 / 10)[0].burst_at_least() >= 9000);
    let second = account
        .admit(SECOND * 11 / 10, Amount::call(9000))
        .expect("it goes");
    let proven = account.meters(3 * SECOND)[0].burst_at_least();
    assert_eq!(proven, 17_900);
    account.blame_limit(3 * SECOND, &second, None);
    let snapshot = &account.meters(3 * SECOND)[0];
    assert!(snapshot.burst_at_least() < 17_900);
    assert_eq!(snapshot.burst_below(), Some(17_900));
}

#[test]
fn account_on_hold_admits_nothing_before_the_server_said() {
    let mut account = Account::new(vec![Limit::calls_per_minute(60)], 0);
    account.hold(0, 30 * SECOND);
    assert_eq!(account.admit(0, Amount::call(0)), Err(30 * SECOND));
    assert_eq!(
        account.fits_at(0, Amount::NONE, Amount::call(0)),
        30 * SECOND
    );
    assert!(account.admit(30 * SECOND, Amount::call(0)).is_ok());
}

#[test]
fn neighbour_who_takes_all_leaves_one_call_at_a_time_under_way() {
    let mut account = Account::new(vec![Limit::tokens_per_minute(60_000)], 0);
    let mut now = 0;
    let mut throttled = 0;
    while now < 2 * MINUTE {
        match account.admit(now, Amount::call(500)) {
            Ok(charge) => {
                assert!(account.counts().pending.calls <= 4);
                now += SECOND / 10;
                throttled += 1;
                account.blame_limit(now, &charge, None);
            }
            Err(at) => now = at,
        }
    }
    assert!(throttled < 25, "{throttled} throttles in two minutes");
}

#[test]
fn a_throttled_call_may_be_made_again_when_those_under_way_end() {
    let mut account = Account::new(vec![Limit::tokens_per_minute(60_000).window()], 0);
    for start in 0..4 {
        let call = account.admit(2 * start * SECOND, Amount::call(15_000));
        let call = call.expect("it goes");
        account.settle(2 * (start + 1) * SECOND, &call, Amount::call(1000));
    }
    let mut now = 9 * SECOND;
    let mut calls: Vec<_> = (0..3)
        .map(|_| account.admit(now, Amount::call(15_000)).expect("it goes"))
        .collect();
    now += SECOND / 10;
    account.keep(now, &calls.pop().expect("it was sent"));
    // The window has room again in a minute, and at once when one of the two ends.
    let at = account.retry_at(now, Amount::call(20_000));
    assert!((now..=now + 2 * SECOND).contains(&at), "{at}");
    account.hold(now, 10 * SECOND);
    assert_eq!(
        account.retry_at(now, Amount::call(20_000)),
        now + 10 * SECOND
    );
}

#[test]
fn a_throttle_is_heard_at_any_rate() {
    let mut account = Account::new(vec![Limit::calls_per_minute(600_000).window()], 0);
    let mut now = 0;
    let calls: Vec<_> = (0..4000)
        .map(|_| {
            now += SECOND / 10_000;
            account.admit(now, Amount::call(0)).expect("it goes")
        })
        .collect();
    assert!(account.heap() < 20 << 10, "{}", account.heap());
    account.confirmed(now, &calls[3999]);
    account.blame_limit(now, &calls[5], None);
    assert!(account.share() < 1.0, "somebody else uses it");
    account.blame_limit(now, &calls[6], None);
    for call in calls.iter().skip(7) {
        account.settle(now, call, Amount::call(0));
    }
    let meter = &account.meters(now)[0];
    assert_eq!((meter.used(), account.counts().pending.calls), (3998, 5));
}

/// Sends so many calls one after the other, at half the rate, of which every so manyth is throttled.
fn share_with_throttles(calls: u64, per_minute: u64, every: u64) -> f64 {
    let mut account = Account::new(vec![Limit::calls_per_minute(per_minute).window()], 0);
    let mut now = 0;
    for call in 1..=calls {
        let charge = loop {
            match account.admit(now, Amount::call(0)) {
                Ok(charge) => break charge,
                Err(at) => now = at,
            }
        };
        now += 2 * MINUTE / per_minute;
        if call % every == 0 {
            account.blame_limit(now, &charge, None);
        } else {
            account.settle(now, &charge, Amount::call(0));
        }
    }
    account.share()
}

#[test]
fn few_throttles_of_many_calls_are_nobodys_doing() {
    assert!(share_with_throttles(2_000, 6_000, 300) >= 1.0);
    assert!(share_with_throttles(2_000, 6_000, 100) < 1.0);
    // Of few calls each throttle counts.
    assert!(share_with_throttles(180, 60, 170) < 1.0);
}

#[test]
fn first_calls_of_many_that_are_throttled_do_not_bring_them_to_a_halt() {
    let time = 3 * SECOND / 10;
    let mut account = Account::new(vec![Limit::calls_per_minute(20_000)], 0);
    let first = (0..10).map(|_| account.admit(0, Amount::call(0)).expect("it goes"));
    let mut first: Vec<_> = first.collect();
    let throttled = first.pop().expect("there are ten");
    for charge in first {
        account.settle(time, &charge, Amount::call(0));
    }
    // A stream, whose first event is a throttle.
    account.confirmed(time, &throttled);
    account.blame_limit(time, &throttled, None);
    let mut under_way = VecDeque::new();
    let mut now = time;
    let mut sent = 0;
    while now < 3 * SECOND {
        while under_way.front().is_some_and(|(ends, _)| *ends <= now) {
            let (_, charge) = under_way.pop_front().expect("it is there");
            account.settle(now, &charge, Amount::call(0));
        }
        match account.admit(now, Amount::call(0)) {
            Ok(charge) => {
                under_way.push_back((now + time, charge));
                sent += 1;
            }
            Err(at) => now = at.min(under_way.front().map_or(at, |(ends, _)| *ends)),
        }
    }
    assert!(sent > 800, "{sent} of 900");
}
