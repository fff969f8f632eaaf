use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::limit::{Burst, Limits, Unit};

const SECOND: u64 = 1_000_000_000;

#[derive(Clone, Debug)]
enum Op {
    Wait(u64),
    /// Jumps to when the last call that did not fit will fit.
    WaitForRoom,
    Reserve(u64),
    /// Of those under way, by number: to so many tokens.
    Settle(usize, u64),
    Refund(usize),
}

fn ops(tokens: u64) -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        2 => (0..3 * SECOND).prop_map(Op::Wait),
        1 => (0..90 * SECOND).prop_map(Op::Wait),
        3 => Just(Op::WaitForRoom),
        6 => (0..tokens).prop_map(Op::Reserve),
        3 => (any::<usize>(), 0..2 * tokens).prop_map(|(n, tokens)| Op::Settle(n, tokens)),
        1 => any::<usize>().prop_map(Op::Refund),
    ];
    proptest::collection::vec(op, 1..200)
}

fn limits() -> impl Strategy<Value = Vec<Limit>> {
    let limit = (1..500_u64, 1..120_u64, 0..4_u64, 0..2000_u64, any::<bool>()).prop_map(
        |(amount, period, burst, margin, calls)| {
            let period = Duration::from_secs(period);
            let limit = if calls {
                Limit::calls(amount, period)
            } else {
                Limit::tokens(amount, period)
            };
            let limit = limit.margin(Duration::from_millis(margin));
            match burst {
                0 => limit,
                part => limit.burst(amount * part / 3),
            }
        },
    );
    proptest::collection::vec(limit, 1..4)
}

/// Everything that was ever charged, and nothing else.
struct Model {
    limits: Vec<Limit>,
    /// When, and how much of it still stands: a refund takes from its own charge.
    charges: Vec<(u64, Amount)>,
    /// The same as the server's bucket saw it: a refund is a charge of less than nothing, then.
    flow: Vec<Flow>,
    largest: Amount,
}

#[derive(Clone, Copy)]
struct Flow {
    at: u64,
    calls: i128,
    tokens: i128,
    /// From there on the bucket fills up to that.
    goal: Option<Amount>,
}

impl Flow {
    fn of(self, unit: Unit) -> i128 {
        match unit {
            Unit::Calls => self.calls,
            Unit::Tokens => self.tokens,
        }
    }
}

impl Model {
    fn nanos(time: Duration) -> u64 {
        u64::try_from(time.as_nanos()).unwrap()
    }

    fn span(limit: &Limit) -> u64 {
        Self::nanos(limit.period + limit.margin)
    }

    /// Charges so close share an entry of the window.
    fn grain(limit: &Limit) -> u64 {
        (Self::nanos(limit.margin) / 2).max(Self::nanos(limit.period) / 512)
    }

    fn burst(limit: &Limit) -> i128 {
        match limit.burst {
            Burst::Amount(amount) => i128::from(amount) * i128::from(Self::span(limit)),
            Burst::Time(time) => i128::from(limit.amount) * time.as_nanos() as i128,
        }
    }

    fn flows(&mut self, at: u64, calls: i128, tokens: i128, goal: Option<Amount>) {
        let flow = Flow {
            at,
            calls,
            tokens,
            goal,
        };
        self.flow.push(flow);
    }

    fn charge(&mut self, now: u64, amount: Amount, goal: Option<Amount>) -> usize {
        self.charges.push((now, amount));
        let (calls, tokens) = (i128::from(amount.calls), i128::from(amount.tokens));
        self.flows(now, calls, tokens, goal);
        self.charges.len() - 1
    }

    fn admit(&mut self, now: u64, amount: Amount) -> usize {
        self.charge(now, amount, Some(Amount::NONE))
    }

    fn save_for(&mut self, now: u64, amount: Amount) {
        self.flows(now, 0, 0, Some(amount));
    }

    fn settle(&mut self, now: u64, charge: usize, to: Amount) {
        let from = self.charges[charge].1;
        let debt = to.tokens.saturating_sub(from.tokens);
        if debt > 0 {
            let debt = Amount {
                calls: 0,
                tokens: debt,
            };
            self.charge(now, debt, None);
        }
        self.charges[charge].1 = Amount {
            calls: to.calls,
            tokens: to.tokens.min(from.tokens),
        };
        let calls = i128::from(from.calls - to.calls);
        let tokens = i128::from(from.tokens.saturating_sub(to.tokens));
        self.flows(now, -calls, -tokens, None);
    }

    /// How much counts in the `span` that ends now.
    fn in_window(&self, limit: &Limit, span: u64, now: u64) -> u64 {
        self.charges
            .iter()
            .filter(|(at, _)| now - at < span)
            .map(|(_, amount)| amount.of(limit.unit))
            .sum()
    }

    /// The level of the bucket by the whole history, in parts of a token.
    fn level(&self, limit: &Limit, now: u64) -> (i128, bool) {
        let (burst, span) = (Self::burst(limit), i128::from(Self::span(limit)));
        let (mut level, mut most, mut saved) = (burst, burst, false);
        // As if nobody ever saved.
        let mut unsaved = burst;
        let mut last = 0;
        let end = Flow {
            at: now,
            calls: 0,
            tokens: 0,
            goal: None,
        };
        for flow in self.flow.iter().copied().chain([end]) {
            let refill = i128::from(limit.amount) * i128::from(flow.at - last);
            level = (level + refill).min(most.max(level));
            unsaved = (unsaved + refill).min(burst);
            let amount = flow.of(limit.unit) * span;
            if let Some(goal) = flow.goal {
                let left_out = amount == 0 && goal == Amount::NONE;
                let whole = !saved && unsaved >= burst && amount == 0;
                if !left_out && !whole {
                    most = burst.max(i128::from(goal.of(limit.unit)) * span);
                    saved = goal.of(limit.unit) > 0;
                }
            }
            level = (level - amount).min(most.max(level));
            unsaved = (unsaved - amount).min(burst);
            last = flow.at;
        }
        (level, !saved && unsaved >= burst)
    }

    fn fits(&self, now: u64, amount: Amount) -> bool {
        self.limits.iter().all(|limit| {
            let amount = amount.of(limit.unit);
            let need = i128::from(amount) * i128::from(Self::span(limit));
            let margin = Self::nanos(limit.margin).saturating_sub(Self::grain(limit));
            let span = Self::nanos(limit.period) + margin;
            amount == 0
                || (self.in_window(limit, span, now) + amount <= limit.amount && {
                    let (level, whole) = self.level(limit, now);
                    whole || level >= need
                })
        })
    }

    /// The promise of the layer, right after `admitted` was.
    fn check(&mut self, now: u64, admitted: Amount) -> Result<(), TestCaseError> {
        for limit in &self.limits {
            if admitted.of(limit.unit) == 0 {
                continue;
            }
            let period = Self::nanos(limit.period);
            prop_assert!(self.in_window(limit, period, now) <= limit.amount);
            let span = i128::from(Self::span(limit));
            let largest = i128::from(self.largest.of(limit.unit)) * span;
            let burst = Self::burst(limit).max(largest);
            let mut sum = 0;
            for flow in self.flow.iter().rev() {
                sum += flow.of(limit.unit);
                let rate = i128::from(limit.amount) * i128::from(now - flow.at);
                prop_assert!(sum * span <= burst + rate, "{limit} from {}", flow.at);
            }
        }
        Ok(())
    }
}

/// Runs a schedule; `step` is the least time between two charges at different times.
fn run(limits: Vec<Limit>, ops: Vec<Op>, step: u64) -> Result<(), TestCaseError> {
    let mut account = Account::new(limits.clone(), 0);
    let mut model = Model {
        limits,
        charges: Vec::new(),
        flow: Vec::new(),
        largest: Amount::NONE,
    };
    let mut now = 0;
    let mut room = 0;
    let mut under_way: Vec<(Entry, usize)> = Vec::new();
    for op in ops {
        match op {
            Op::Wait(time) => now += time.next_multiple_of(step),
            Op::WaitForRoom => now += room.max(now).saturating_sub(now).next_multiple_of(step),
            Op::Reserve(tokens) => {
                let amount = Amount::call(tokens);
                let holds = |limit: &Limit| amount.of(limit.unit) <= limit.amount;
                prop_assert_eq!(
                    account.exceeded(amount).is_none(),
                    model.limits.iter().all(holds)
                );
                if account.exceeded(amount).is_some() {
                    continue;
                }
                model.largest.calls = 1;
                model.largest.tokens = model.largest.tokens.max(tokens);
                let fits = model.fits(now, amount);
                match account.reserve(now, amount) {
                    Ok(entry) => {
                        prop_assert!(fits);
                        under_way.push((entry, model.admit(now, amount)));
                        model.check(now, amount)?;
                    }
                    Err(at) => {
                        // Shared entries may keep a charge longer, but no longer than a grain.
                        prop_assert!(!fits || step == 1);
                        prop_assert!(at > now && at < u64::MAX);
                        model.save_for(now, amount);
                        prop_assert!(model.fits(at, amount));
                        if step > 1 {
                            prop_assert!(!model.fits(at - 1, amount));
                        }
                        room = at;
                    }
                }
            }
            Op::Settle(n, tokens) if !under_way.is_empty() => {
                let n = n % under_way.len();
                let (entry, charge) = under_way.swap_remove(n);
                account.settle(now, &entry, Amount::call(tokens));
                model.settle(now, charge, Amount::call(tokens));
            }
            Op::Refund(n) if !under_way.is_empty() => {
                let n = n % under_way.len();
                let (entry, charge) = under_way.swap_remove(n);
                account.settle(now, &entry, Amount::NONE);
                model.settle(now, charge, Amount::NONE);
            }
            Op::Settle(..) | Op::Refund(_) => {}
        }
        prop_assert_eq!(account.counts.pending.calls, under_way.len() as u64);
    }
    // Nothing is lost: refunded and left alone, the account is as good as new.
    for (entry, _) in under_way {
        account.settle(now, &entry, Amount::NONE);
    }
    let whole = account.whole_at(now).max(now);
    prop_assert_eq!(account.counts.pending, Amount::NONE);
    for meter in account.meters(whole) {
        prop_assert_eq!(meter.used(), 0);
        prop_assert_eq!(meter.whole_at(), whole);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_schedule_admits_more_than_the_limit_in_any_window(
        limits in limits(),
        ops in ops(300),
    ) {
        run(limits, ops, 1)?;
    }

    #[test]
    fn it_admits_exactly_what_the_plain_model_admits(limits in limits(), ops in ops(300)) {
        // No two charges share an entry if they are a grain apart.
        let grain = limits.iter().map(Model::grain).max().unwrap_or(0);
        run(limits, ops, grain + 1)?;
    }

    #[test]
    fn feedback_admits_no_more_and_loses_nothing(
        limits in limits(),
        ops in ops(300),
        feedback in proptest::collection::vec((0..4_u8, any::<bool>()), 200),
    ) {
        let mut account = Account::new(limits.clone(), 0);
        let mut charges: Vec<(u64, Amount)> = Vec::new();
        let mut under_way: Vec<(Entry, usize)> = Vec::new();
        let mut now = 0;
        let mut room = 0;
        for (op, (kind, waited)) in ops.into_iter().zip(feedback) {
            match op {
                Op::Wait(time) => now += time,
                Op::WaitForRoom => now = room.max(now),
                Op::Reserve(tokens) => {
                    let amount = Amount::call(tokens);
                    if account.exceeded(amount).is_some() {
                        continue;
                    }
                    match account.reserve(now, amount) {
                        Ok(entry) => {
                            under_way.push((entry, charges.len()));
                            charges.push((now, amount));
                        }
                        Err(at) => {
                            prop_assert!(at > now && at < u64::MAX);
                            room = at;
                            continue;
                        }
                    }
                    for limit in limits.iter().filter(|limit| amount.of(limit.unit) > 0) {
                        let period = Model::nanos(limit.period);
                        let recent = charges.iter().filter(|(at, _)| now - at < period);
                        let sum: u64 = recent.map(|(_, amount)| amount.of(limit.unit)).sum();
                        prop_assert!(sum <= limit.amount, "{sum} of {limit}");
                    }
                }
                Op::Settle(n, tokens) if !under_way.is_empty() => {
                    let (entry, charge) = under_way.swap_remove(n % under_way.len());
                    let actual = Amount::call(tokens);
                    account.settle(now, &entry, actual);
                    account.succeeded(now, &entry, actual, waited);
                    let amount = &mut charges[charge].1;
                    let debt = tokens.saturating_sub(amount.tokens);
                    amount.tokens = amount.tokens.min(tokens);
                    charges.push((now, Amount { calls: 0, tokens: debt }));
                }
                Op::Refund(n) if !under_way.is_empty() => {
                    let (entry, charge) = under_way.swap_remove(n % under_way.len());
                    account.settle(now, &entry, Amount::NONE);
                    charges[charge].1 = Amount::NONE;
                    let unit = [None, None, Some(Unit::Calls), Some(Unit::Tokens)];
                    if kind > 0 {
                        account.throttled(now, &entry, unit[usize::from(kind)]);
                    }
                }
                Op::Settle(..) | Op::Refund(_) => {}
            }
        }
        for (entry, _) in under_way {
            account.settle(now, &entry, Amount::NONE);
        }
        let whole = account.whole_at(now).max(now);
        prop_assert_eq!(account.counts.pending, Amount::NONE);
        for meter in account.meters(whole) {
            prop_assert_eq!(meter.used(), 0);
        }
    }

    #[test]
    fn many_small_charges_are_not_late(
        charges in proptest::collection::vec(0..SECOND / 5, 1..2000),
    ) {
        let mut account = Account::new(vec![Limit::calls_per_minute(1000).burst(1000)], 0);
        let mut now = 0;
        let mut times = Vec::new();
        for wait in charges {
            now += wait;
            let exact = (times.len() >= 1000).then(|| times[times.len() - 1000] + 60_300_000_000);
            let exact = exact.unwrap_or(0).max(now);
            while let Err(at) = account.reserve(now, Amount::call(0)) {
                now = at;
            }
            let pace = times.last().map_or(0, |last: &u64| last + 60_300_000);
            prop_assert!(now <= exact.max(pace) + 60_300_000);
            times.push(now);
        }
    }
}

fn account(limits: impl Into<Vec<Limit>>) -> Account {
    Account::new(limits.into(), 0)
}

#[test]
fn limits_are_charged_together_or_not_at_all() {
    let mut account = account([
        Limit::tokens_per_minute(1000).burst(1000),
        Limit::calls_per_minute(2).burst(2),
    ]);
    for _ in 0..2 {
        account.reserve(0, Amount::call(10)).unwrap();
    }
    account.reserve(0, Amount::call(10)).unwrap_err();
    let used: Vec<_> = account.meters(0).iter().map(Meter::used).collect();
    assert_eq!(used, [20, 2]);
}

#[test]
fn a_debt_delays_later_calls_by_what_it_is_worth() {
    let limit = Limit::tokens_per_minute(60)
        .margin(Duration::ZERO)
        .burst(10);
    let mut account = account([limit]);
    let entry = account.reserve(0, Amount::call(10)).unwrap();
    account.settle(0, &entry, Amount::call(15));
    assert_eq!(account.reserve(0, Amount::call(1)).unwrap_err(), 6 * SECOND);
}

#[test]
fn a_call_larger_than_the_burst_is_saved_for() {
    let limit = Limit::tokens_per_minute(60)
        .margin(Duration::ZERO)
        .burst(10);
    let mut account = account([limit]);
    // Nobody used it for long: the first goes at once.
    let entry = account.reserve(0, Amount::call(20)).unwrap();
    account.settle(0, &entry, Amount::call(10));
    assert_eq!(
        account.reserve(0, Amount::call(30)).unwrap_err(),
        30 * SECOND
    );
    let entry = account.reserve(30 * SECOND, Amount::call(30)).unwrap();
    assert_eq!(
        account.reserve(30 * SECOND, Amount::call(1)).unwrap_err(),
        31 * SECOND
    );
    // What it did not need goes to the next one at once.
    account.reserve(30 * SECOND, Amount::call(28)).unwrap_err();
    account.settle(30 * SECOND, &entry, Amount::call(2));
    account.reserve(30 * SECOND, Amount::call(28)).unwrap();
    // Nobody saves: no more than the burst.
    account.reserve(90 * SECOND, Amount::call(10)).unwrap();
    account.reserve(90 * SECOND, Amount::call(1)).unwrap_err();
}

#[test]
fn calls_are_paced_by_what_they_come_to() {
    let limit = Limit::tokens_per_minute(6000).margin(Duration::ZERO);
    let mut account = account([limit]);
    let mut now = 0;
    let call = |account: &mut Account, now: &mut u64| {
        loop {
            match account.reserve(*now, Amount::call(100)) {
                Ok(entry) => return entry,
                Err(at) => *now = at,
            }
        }
    };
    for _ in 0..10 {
        let entry = call(&mut account, &mut now);
        account.settle(now, &entry, Amount::call(400));
        account.succeeded(now, &entry, Amount::call(400), true);
    }
    let before = call(&mut account, &mut now);
    let start = now;
    let after = call(&mut account, &mut now);
    let apart = now - start;
    assert!(apart > 39 * SECOND / 10 && apart <= 4 * SECOND, "{apart}");
    // The server has charged what they asked for.
    let used = account.meters(now)[0].used();
    account.settle(now, &before, Amount::call(400));
    account.settle(now, &after, Amount::NONE);
    assert_eq!(account.meters(now)[0].used(), used + 300 - 100);
}

#[test]
fn a_minute_is_used_to_99_percent_for_hours() {
    let mut account = account([Limit::calls_per_minute(60)]);
    let mut now = 0;
    for _ in 0..6000 {
        while let Err(at) = account.reserve(now, Amount::call(0)) {
            now = at;
        }
    }
    let ideal = 5999 * SECOND;
    assert!(
        now > ideal - 3 * SECOND && now < ideal / 1000 * 1006,
        "{now}"
    );
}

#[test]
fn a_day_is_not_spread_over_the_day() {
    let mut account = account([Limit::tokens_per_day(1000)]);
    account.reserve(0, Amount::call(600)).unwrap();
    account.reserve(SECOND, Amount::call(400)).unwrap();
    let at = account.reserve(2 * SECOND, Amount::call(1)).unwrap_err();
    assert!(at >= 24 * 3600 * SECOND);
}

#[test]
fn extreme_amounts_do_not_overflow() {
    for amount in [0, 1, u64::MAX] {
        for period in [Duration::from_nanos(1), Duration::MAX] {
            let mut account =
                account([Limit::tokens(amount, period), Limit::calls(amount, period)]);
            for now in [0, 1, u64::MAX] {
                for tokens in [0, 1, u64::MAX] {
                    let amount = Amount::call(tokens);
                    if account.exceeded(amount).is_some() {
                        continue;
                    }
                    if let Ok(entry) = account.reserve(now, amount) {
                        account.settle(now, &entry, Amount::call(u64::MAX));
                    }
                    let _ = account.fits_at(now, amount, amount);
                    let _ = account.whole_at(now);
                }
            }
        }
    }
}

#[test]
fn time_that_goes_back_changes_nothing() {
    let mut account = account([Limit::calls_per_minute(60).burst(1)]);
    account.reserve(10 * SECOND, Amount::call(0)).unwrap();
    let at = account.reserve(10 * SECOND, Amount::call(0)).unwrap_err();
    assert_eq!(account.reserve(0, Amount::call(0)).unwrap_err(), at);
}

#[test]
fn a_throttle_lowers_the_rate_and_takes_the_burst() {
    let mut account = account([Limit::calls_per_minute(600)]);
    let entry = account.reserve(0, Amount::call(0)).unwrap();
    account.settle(0, &entry, Amount::NONE);
    assert!(account.throttled(0, &entry, None));
    assert_eq!(account.reserve(0, Amount::call(0)).unwrap_err(), SECOND / 4);
    // At 85 % of ten a second.
    account.reserve(SECOND / 4, Amount::call(0)).unwrap();
    account.reserve(SECOND / 4, Amount::call(0)).unwrap();
    let at = account.reserve(SECOND / 4, Amount::call(0)).unwrap_err();
    assert!(at > SECOND * 35 / 100 && at < SECOND * 36 / 100, "{at}");
}

#[test]
fn a_throttle_slows_what_was_short() {
    let limits = [
        Limit::calls_per_minute(60),
        Limit::tokens_per_minute(60_000),
    ];
    let mut account = account(limits);
    let entry = account.reserve(0, Amount::call(10)).unwrap();
    account.settle(0, &entry, Amount::NONE);
    assert!(account.throttled(0, &entry, Some(Unit::Tokens)));
    let paces: Vec<_> = account.meters(0).iter().map(|g| g.pace().now()).collect();
    assert!(paces[0] == crate::account::adaptive_rate::ONE && paces[1] < paces[0]);
    // There is no such limit: all of them.
    let mut account = Account::new(vec![Limit::calls_per_minute(60)], 0);
    let entry = account.reserve(0, Amount::call(10)).unwrap();
    account.settle(0, &entry, Amount::NONE);
    assert!(account.throttled(0, &entry, Some(Unit::Tokens)));
}

#[test]
fn an_unknown_limit_keeps_what_a_minute_held() {
    let mut account = Account::new(Limits::unknown().known_or_guessed(), 0);
    let mut now = 0;
    let mut passed = 0;
    // A minute of 500 calls.
    let throttled = loop {
        match account.reserve(now, Amount::call(0)) {
            Ok(entry) if passed == 500 => break entry,
            Ok(entry) => {
                passed += 1;
                account.settle(now, &entry, Amount::call(0));
                account.succeeded(now, &entry, Amount::call(0), true);
            }
            Err(at) => now = at,
        }
    };
    assert!(now < 15 * SECOND, "{now}");
    account.settle(now, &throttled, Amount::NONE);
    assert!(account.throttled(now, &throttled, Some(Unit::Calls)));
    // It may have been a bucket: one more is tried at the pace at which that would refill.
    let room = account.reserve(now, Amount::call(0)).unwrap_err();
    assert!(room < now + SECOND);
    let throttled = account.reserve(room, Amount::call(0)).unwrap();
    account.settle(room, &throttled, Amount::NONE);
    assert!(account.throttled(room, &throttled, Some(Unit::Calls)));
    let room = account.reserve(room, Amount::call(0)).unwrap_err();
    assert!(room > 60 * SECOND && room < 61 * SECOND, "{room}");
}
