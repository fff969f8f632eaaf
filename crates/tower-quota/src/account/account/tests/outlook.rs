//! What may be charged before a call that goes.

use proptest::prelude::*;

use super::counted::{Counted, Op, ops, servers};
use super::*;

fn limits() -> impl Strategy<Value = Vec<Limit>> {
    let tokens = Limit::tokens_per_minute(60_000);
    prop_oneof![
        Just(vec![tokens.clone()]),
        Just(vec![tokens.clone().burst(4_000)]),
        Just(vec![
            tokens.clone().burst(60_000),
            Limit::calls_per_minute(600).burst(50)
        ]),
        Just(vec![tokens.clone().window(), Limit::calls_per_minute(600)]),
        Just(vec![
            tokens.clone().enforced(),
            Limit::calls_per_minute(100).window()
        ]),
        Just(vec![
            Limit::calls_per_minute(600),
            Limit::tokens_per_day(900_000)
        ]),
        Just(vec![
            Limit::tokens_per_minute(1).probing(),
            Limit::calls_per_minute(600)
        ]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever the account has learned, and however that is split up among others' calls.
    #[test]
    fn call_goes_if_what_was_said_to_be_spare_is_charged_before_it(
        limits in limits(),
        ops in ops(),
        server in servers(60_000),
        x in prop_oneof![1..4_000_u64, 1..100_000_u64],
        // Of what is spare, in thousandths; and into how many calls.
        (part, calls) in (prop_oneof![0..=1_000_u64, Just(1_000)], 1..30_u64),
        cuts in proptest::collection::vec(0..=1_000_u64, 30),
        extra in 0..=200_u64,
    ) {
        let mut server = Counted::new(server, 60_000);
        let mut account = Account::of_several(limits, 0);
        let mut under_way: Vec<(Charge, u64)> = Vec::new();
        let (mut now, mut turn) = (0, 0);
        for op in ops {
            match op {
                Op::Wait(time) => now += time,
                Op::WaitForTurn => now = now.max(turn),
                Op::Send(x) => match account.admit(now, Amount::call(x)) {
                    Ok(charge) if server.admits(now, x) => under_way.push((charge, now)),
                    Ok(charge) => drop(account.blame_limit(now, &charge, Some(Unit::Tokens))),
                    Err(at) => turn = at,
                },
                Op::Settle(n, part) if !under_way.is_empty() => {
                    let (charge, at) = under_way.swap_remove(n % under_way.len());
                    let reserved = charge.amount().tokens;
                    server.settle(now, at, reserved, reserved * part / 100);
                    // Some come to more than they reserved.
                    let more = reserved * extra / 200 * (n as u64 % 2);
                    account.settle(now, &charge, Amount::call(reserved * part / 100 + more));
                }
                Op::Confirm(n) if !under_way.is_empty() => {
                    let n = n % under_way.len();
                    account.confirmed(now, &under_way[n].0);
                }
                Op::Settle(..) | Op::Confirm(_) | Op::Cancel(_) => {}
            }
        }
        let goes = account.clone().may_go_at(now, Amount::call(x));
        match account.outlook(now, Amount::call(x)) {
            Outlook::Waits(at) => {
                prop_assert!(at > now);
                prop_assert_eq!(at, goes);
            }
            Outlook::GoesFirst => prop_assert_eq!(goes, now),
            Outlook::Goes(spare) => {
                let calls = calls.min(spare.calls);
                // No limit to speak of is as good as a large one.
                let tokens = u128::from(spare.tokens.min(1 << 40)) * u128::from(part) / 1_000;
                let mut rest = if calls == 0 { 0 } else { u64::try_from(tokens).unwrap() };
                for n in 0..calls {
                    let last = n + 1 == calls;
                    let one = if last { rest } else { rest * cuts[n as usize] / 1_000 };
                    account.record(now, Amount::call(one));
                    rest -= one;
                }
                prop_assert_eq!(account.may_go_at(now, Amount::call(x)), now, "{:?}, {} calls", spare, calls);
            }
        }
    }
}
