use proptest::prelude::*;

use super::super::meter::Kind;
use super::*;

const MINUTE: u64 = 60 * SECOND;

/// A server that holds `capacity` and has nobody else to serve.
#[derive(Clone, Debug)]
enum Server {
    Bucket { capacity: u64 },
    Fixed { phase: u64 },
    Sliding,
}

struct Counted {
    server: Server,
    amount: u64,
    /// Every charge: when, how much of it stands, and when that was corrected.
    charges: Vec<(u64, u64)>,
    level: u128,
    at: u64,
}

impl Counted {
    fn new(server: Server, amount: u64) -> Self {
        Self {
            server,
            amount,
            charges: Vec::new(),
            level: 0,
            at: 0,
        }
    }

    /// In parts of a token of which a period has one a nanosecond.
    fn drain(&mut self, now: u64) {
        let out = u128::from(self.amount) * u128::from(now - self.at);
        self.level = self.level.saturating_sub(out);
        self.at = now;
    }

    fn admits(&mut self, now: u64, x: u64) -> bool {
        self.drain(now);
        let fits = match self.server {
            Server::Bucket { capacity } => self.level + worth(x) <= worth(capacity),
            Server::Fixed { phase } => {
                let begun = (now + phase) / MINUTE * MINUTE;
                self.sum(|at| at + phase >= begun) + x <= self.amount
            }
            Server::Sliding => self.sum(|at| at + MINUTE > now) + x <= self.amount,
        };
        if fits {
            self.level += worth(x);
            self.charges.push((now, x));
        }
        fits
    }

    fn settle(&mut self, now: u64, at: u64, reserved: u64, actual: u64) {
        self.drain(now);
        self.level = self.level.saturating_sub(worth(reserved - actual));
        let charge = self
            .charges
            .iter_mut()
            .rev()
            .find(|charge| charge.0 == at && charge.1 == reserved);
        charge.expect("it was charged").1 = actual;
    }

    fn sum(&self, counts: impl Fn(u64) -> bool) -> u64 {
        self.charges
            .iter()
            .filter(|charge| counts(charge.0))
            .map(|charge| charge.1)
            .sum()
    }
}

fn worth(x: u64) -> u128 {
    u128::from(MINUTE) * u128::from(x)
}

#[derive(Clone, Debug)]
enum Op {
    Wait(u64),
    /// Until the call that waits is to ask again.
    WaitForTurn,
    Send(u64),
    /// One of those under way comes to such a part of its reservation, in percent.
    Settle(usize, u64),
    Cancel(u64),
    Confirm(usize),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        2 => (0..3 * SECOND).prop_map(Op::Wait),
        1 => (0..40 * SECOND).prop_map(Op::Wait),
        4 => Just(Op::WaitForTurn),
        8 => (1..4_000_u64).prop_map(Op::Send),
        4 => (any::<usize>(), 0..=100_u64).prop_map(|(n, part)| Op::Settle(n, part)),
        1 => (1..4_000_u64).prop_map(Op::Cancel),
        1 => any::<usize>().prop_map(Op::Confirm),
    ];
    proptest::collection::vec(op, 1..400)
}

fn servers(amount: u64) -> impl Strategy<Value = Server> {
    prop_oneof![
        (4_000..=amount).prop_map(|capacity| Server::Bucket { capacity }),
        (0..MINUTE).prop_map(|phase| Server::Fixed { phase }),
        Just(Server::Sliding),
    ]
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

fn told_tokens() -> Limit {
    Limit::tokens_per_minute(60_000).burst(60_000)
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
