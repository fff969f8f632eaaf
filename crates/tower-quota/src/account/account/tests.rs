mod counted;
mod limits;
#[cfg(feature = "shared")]
mod outlook;
mod throttles;

use proptest::prelude::*;

use self::counted::{Counted, Op, ops, servers};
use super::super::meter::Kind;
use super::*;

const MINUTE: u64 = 60 * SECOND;

fn told_tokens() -> Limit {
    Limit::tokens_per_minute(60_000).burst(60_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Without neighbours, and with the amount told, throttles are trials that the purse pays for:
    /// six, and one for a hundred calls that went well. Two more may be under way when the last is
    /// paid.
    #[test]
    fn throttles_cost_no_more_than_the_purse_has(ops in ops(), server in servers(60_000)) {
        let mut server = Counted::new(server, 60_000);
        let mut account = Account::new(vec![Limit::tokens_per_minute(60_000)], 0);
        let mut under_way: Vec<(Charge, u64)> = Vec::new();
        let (mut now, mut turn, mut throttled, mut settled) = (0, 0, 0, 0);
        for op in ops {
            match op {
                Op::Wait(time) => now += time,
                Op::WaitForTurn => now = now.max(turn),
                Op::Send(x) => match account.admit(now, Amount::call(x)) {
                    Ok(charge) => {
                        if server.admits(now, x) {
                            under_way.push((charge, now));
                        } else {
                            throttled += 1;
                            account.blame_limit(now, &charge, Some(Unit::Tokens));
                        }
                    }
                    Err(at) => {
                        prop_assert!(at > now, "it asks again later");
                        turn = at;
                    }
                },
                Op::Settle(n, part) => {
                    if !under_way.is_empty() {
                        let (charge, at) = under_way.swap_remove(n % under_way.len());
                        let reserved = charge.amount().tokens;
                        let actual = reserved * part / 100;
                        server.settle(now, at, reserved, actual);
                        account.settle(now, &charge, Amount::call(actual));
                        settled += 1;
                    }
                }
                Op::Cancel(x) => {
                    if let Ok(charge) = account.admit(now, Amount::call(x)) {
                        account.cancel(now, &charge);
                    }
                }
                Op::Confirm(n) => {
                    if !under_way.is_empty() {
                        let n = n % under_way.len();
                        account.confirmed(now, &under_way[n].0);
                    }
                }
            }
            let pending = account.counts().pending;
            prop_assert_eq!(pending.calls as usize, under_way.len());
            let tokens: u64 = under_way.iter().map(|call| call.0.amount().tokens).sum();
            prop_assert_eq!(pending.tokens, tokens);
        }
        prop_assert!(throttled <= 8 + settled / 100, "{} throttles", throttled);
    }

    /// A call that waits goes, whatever was before: once nobody else is under way, it takes no
    /// longer than the quota needs to bring all that was charged.
    #[test]
    fn whoever_waits_goes(ops in ops(), server in servers(60_000), last in 1..4_000_u64) {
        let mut server = Counted::new(server, 60_000);
        let mut account = Account::new(vec![Limit::tokens_per_minute(60_000), Limit::calls_per_minute(600)], 0);
        let mut now = 0;
        for op in ops {
            match op {
                Op::Wait(time) => now += time,
                Op::Send(x) => {
                    if let Ok(charge) = account.admit(now, Amount::call(x)) {
                        if server.admits(now, x) {
                            account.settle(now, &charge, Amount::call(x));
                        } else {
                            account.blame_limit(now, &charge, None);
                        }
                    }
                }
                _ => {}
            }
        }
        let begin = now;
        loop {
            match account.admit(now, Amount::call(last)) {
                Ok(charge) if server.admits(now, last) => {
                    account.settle(now, &charge, Amount::call(last));
                    break;
                }
                Ok(charge) => drop(account.blame_limit(now, &charge, None)),
                Err(at) => now = at,
            }
            prop_assert!(now - begin < 5 * MINUTE, "it waits for {} s", (now - begin) / SECOND);
        }
    }

    /// Forecasts do not fall behind: what fits later with more ahead fits no earlier.
    #[test]
    fn more_ahead_is_no_earlier(ops in ops(), ahead in 0..100_000_u64, more in 0..100_000_u64) {
        let mut account = Account::new(vec![Limit::tokens_per_minute(60_000)], 0);
        let mut now = 0;
        for op in ops {
            match op {
                Op::Wait(time) => now += time,
                Op::Send(x) => drop(account.admit(now, Amount::call(x))),
                _ => {}
            }
        }
        let mine = Amount::call(500);
        let first = account.fits_at(now, Amount { calls: 1, tokens: ahead }, mine);
        let second = account.fits_at(now, Amount { calls: 1, tokens: ahead + more }, mine);
        prop_assert!(now <= first && first <= second);
    }
}

#[test]
fn hundred_thousand_cancellations_leave_no_trace() {
    let limits = || {
        vec![
            Limit::tokens_per_minute(60_000),
            Limit::calls_per_minute(600),
        ]
    };
    let mut account = Account::new(limits(), 0);
    let mut fresh = Account::new(limits(), 0);
    let mut now = 0;
    for _ in 0..100_000 {
        if let Ok(charge) = account.admit(now, Amount::call(900)) {
            account.cancel(now, &charge);
        }
        now += SECOND / 100;
    }
    assert_eq!(account.counts().pending, Amount::NONE);
    for (used, blank) in account.meters(now).iter().zip(fresh.meters(now)) {
        assert_eq!(
            (used.used(), used.burst_at_least(), used.kind()),
            (0, blank.burst_at_least(), Kind::Unsure)
        );
    }
    assert!(account.admit(now, Amount::call(1000)).is_ok());
    assert_eq!(
        account.whole_at(now + 2 * MINUTE),
        fresh.whole_at(now + 2 * MINUTE).max(account.whole_at(now))
    );
}

#[test]
fn calls_that_reserve_nothing_are_delayed_by_their_debts() {
    let mut account = Account::new(vec![Limit::tokens_per_minute(60_000)], 0);
    let mut now = 0;
    let mut settled = 0;
    while settled < 200 {
        match account.admit(now, Amount::call(0)) {
            Ok(charge) => {
                account.settle(now + SECOND / 10, &charge, Amount::call(1000));
                now += SECOND / 10;
                settled += 1;
            }
            Err(at) => now = at,
        }
    }
    // A call a second, but for what the bucket holds.
    assert!(now > 120 * SECOND, "{} s", now / SECOND);
}

#[test]
fn largest_numbers_are_no_trouble() {
    let limits = vec![
        Limit::tokens_per_minute(u64::MAX),
        Limit::tokens_per_day(u64::MAX),
        Limit::calls_per_minute(1),
    ];
    let mut account = Account::new(limits, 0);
    let mut now = 0;
    for x in [u64::MAX, u64::MAX / 2, 1, u64::MAX] {
        let charge = loop {
            match account.admit(now, Amount::call(x)) {
                Ok(charge) => break charge,
                Err(at) => now = at,
            }
        };
        account.fits_at(
            now,
            Amount {
                calls: u64::MAX,
                tokens: u64::MAX,
            },
            Amount::call(x),
        );
        if x == 1 {
            account.blame_limit(now + 1, &charge, None);
        } else {
            account.settle(now + 1, &charge, Amount::call(x / 3));
        }
        now += 1;
    }
    account.whole_at(u64::MAX);
    account.meters(u64::MAX);
}

#[test]
fn what_a_key_remembers_is_bounded() {
    let limits = || {
        vec![
            Limit::tokens_per_minute(60_000_000),
            Limit::calls_per_minute(40_000),
        ]
    };
    let mut account = Account::new(limits(), 0);
    let size = |account: &Account| std::mem::size_of::<Account>() + account.heap();
    assert!(size(&account) < 2 << 10, "{}", size(&account));
    let mut now = 0;
    while now < 3 * MINUTE {
        match account.admit(now, Amount::call(1500)) {
            Ok(charge) => account.settle(now, &charge, Amount::call(1500)),
            Err(at) => now = at,
        }
    }
    assert!(size(&account) < 20 << 10, "{}", size(&account));
}

#[test]
fn call_given_up_counts_as_reserved_and_proves_nothing() {
    let mut account = Account::new(vec![Limit::tokens_per_minute(60_000)], 0);
    let trial = account.admit(SECOND, Amount::call(9000)).expect("it goes");
    account.keep(SECOND, &trial);
    let meter = &account.meters(10 * SECOND)[0];
    assert_eq!((meter.used(), meter.burst_at_least()), (9000, 1000));
    assert_eq!(account.counts().pending, Amount::NONE);
}

#[test]
fn a_refund_takes_back_only_what_its_call_proved() {
    let mut account = Account::new(vec![told_tokens()], 0);
    let call = account.admit(0, Amount::call(1000)).expect("it goes");
    account.cancel(2 * SECOND, &call);
    let proven = account.meters(2 * SECOND)[0].burst_at_least();
    assert_eq!(proven, 60_000, "somebody told it");

    // A limit that came after the call has nothing to take back.
    let mut account = Account::new(vec![Limit::calls_per_minute(60)], 0);
    let call = account.admit(0, Amount::call(1000)).expect("it goes");
    account.set_limits(SECOND, vec![Limit::calls_per_minute(60), told_tokens()]);
    account.cancel(2 * SECOND, &call);
    assert_eq!(account.meters(2 * SECOND)[1].burst_at_least(), 60_000);
}
