use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::limit::{Burst, Unit};
use crate::pace::ONE;

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
    charges: Vec<(u64, Demand)>,
    /// The same as the server's bucket saw it: a refund is a charge of less than nothing, then.
    flow: Vec<(u64, i128, i128)>,
}

impl Model {
    fn span(limit: &Limit) -> u64 {
        u64::try_from((limit.period + limit.margin).as_nanos()).unwrap()
    }

    fn burst(limit: &Limit) -> i128 {
        match limit.burst {
            Burst::Amount(amount) => i128::from(amount) * i128::from(Self::span(limit)),
            Burst::Time(time) => i128::from(limit.amount) * time.as_nanos() as i128,
        }
    }

    fn charge(&mut self, now: u64, demand: Demand) -> usize {
        self.charges.push((now, demand));
        let (calls, tokens) = (i128::from(demand.calls), i128::from(demand.tokens));
        self.flow.push((now, calls, tokens));
        self.charges.len() - 1
    }

    fn settle(&mut self, now: u64, charge: usize, to: Demand) {
        let from = self.charges[charge].1;
        let debt = to.tokens.saturating_sub(from.tokens);
        if debt > 0 {
            let debt = Demand {
                calls: 0,
                tokens: debt,
            };
            self.charge(now, debt);
        }
        self.charges[charge].1 = Demand {
            calls: to.calls,
            tokens: to.tokens.min(from.tokens),
        };
        let calls = i128::from(from.calls - to.calls);
        let tokens = i128::from(from.tokens.saturating_sub(to.tokens));
        self.flow.push((now, -calls, -tokens));
    }

    /// How much counts in the period that ends now.
    fn in_window(&self, limit: &Limit, now: u64) -> u64 {
        self.charges
            .iter()
            .filter(|(at, _)| now - at < Self::span(limit))
            .map(|(_, demand)| demand.of(limit.unit))
            .sum()
    }

    /// The level of the bucket by the whole history, in parts of a token.
    fn level(&self, limit: &Limit, now: u64) -> i128 {
        let mut level = Self::burst(limit);
        let mut last = 0;
        for (at, calls, tokens) in self.flow.iter().copied().chain([(now, 0, 0)]) {
            let amount = match limit.unit {
                Unit::Calls => calls,
                Unit::Tokens => tokens,
            };
            level += i128::from(limit.amount) * i128::from(at - last);
            level = level.min(Self::burst(limit)) - amount * i128::from(Self::span(limit));
            level = level.min(Self::burst(limit));
            last = at;
        }
        level
    }

    fn fits(&self, now: u64, demand: Demand) -> bool {
        self.limits.iter().all(|limit| {
            let amount = demand.of(limit.unit);
            let need = i128::from(amount) * i128::from(Self::span(limit));
            amount == 0
                || (self.in_window(limit, now) + amount <= limit.amount
                    && self.level(limit, now) >= need.min(Self::burst(limit)))
        })
    }

    /// The promise of the layer, right after `admitted` was.
    fn check(&self, now: u64, admitted: Demand) -> Result<(), TestCaseError> {
        for limit in &self.limits {
            let amount = admitted.of(limit.unit);
            if amount == 0 {
                continue;
            }
            prop_assert!(self.in_window(limit, now) <= limit.amount);
            let span = i128::from(Self::span(limit));
            let burst = Self::burst(limit).max(i128::from(amount) * span);
            let mut sum = 0;
            for (at, calls, tokens) in self.flow.iter().rev() {
                sum += match limit.unit {
                    Unit::Calls => calls,
                    Unit::Tokens => tokens,
                };
                let rate = i128::from(limit.amount) * i128::from(now - at);
                prop_assert!(sum * span <= burst + rate, "{limit} from {at} to {now}");
            }
        }
        Ok(())
    }
}

/// Runs a schedule; `step` is the least time between two charges at different times.
fn run(limits: Vec<Limit>, ops: Vec<Op>, step: u64) -> Result<(), TestCaseError> {
    let mut book = Book::new(limits.clone(), 0);
    let mut model = Model {
        limits,
        charges: Vec::new(),
        flow: Vec::new(),
    };
    let mut now = 0;
    let mut room = 0;
    let mut under_way: Vec<(Entry, usize)> = Vec::new();
    for op in ops {
        match op {
            Op::Wait(time) => now += time.next_multiple_of(step),
            Op::WaitForRoom => now += room.max(now).saturating_sub(now).next_multiple_of(step),
            Op::Reserve(tokens) => {
                let demand = Demand::call(tokens);
                let holds = |limit: &Limit| demand.of(limit.unit) <= limit.amount;
                prop_assert_eq!(
                    book.exceeded(demand).is_none(),
                    model.limits.iter().all(holds)
                );
                if book.exceeded(demand).is_some() {
                    continue;
                }
                let fits = model.fits(now, demand);
                match book.reserve(now, demand) {
                    Ok(entry) => {
                        prop_assert!(fits);
                        under_way.push((entry, model.charge(now, demand)));
                        model.check(now, demand)?;
                    }
                    Err(at) => {
                        // Shared entries may keep a charge longer, but no longer than a grain.
                        prop_assert!(!fits || step == 1);
                        prop_assert!(at > now && at < u64::MAX);
                        prop_assert!(model.fits(at, demand));
                        if step > 1 {
                            prop_assert!(!model.fits(at - 1, demand));
                        }
                        room = at;
                    }
                }
            }
            Op::Settle(n, tokens) if !under_way.is_empty() => {
                let n = n % under_way.len();
                let (entry, charge) = under_way.swap_remove(n);
                book.settle(now, &entry, Demand::call(tokens));
                model.settle(now, charge, Demand::call(tokens));
            }
            Op::Refund(n) if !under_way.is_empty() => {
                let n = n % under_way.len();
                let (entry, charge) = under_way.swap_remove(n);
                book.settle(now, &entry, Demand::NONE);
                model.settle(now, charge, Demand::NONE);
            }
            Op::Settle(..) | Op::Refund(_) => {}
        }
        prop_assert_eq!(book.counts.pending.calls, under_way.len() as u64);
    }
    // Nothing is lost: refunded and left alone, the book is as good as new.
    for (entry, _) in under_way {
        book.settle(now, &entry, Demand::NONE);
    }
    let whole = book.whole_at(now).max(now);
    prop_assert_eq!(book.counts.pending, Demand::NONE);
    for gauge in book.gauges(whole) {
        prop_assert_eq!(gauge.used(), 0);
        prop_assert_eq!(gauge.whole_at(ONE), whole);
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
        // No two charges share an entry if they are a grain of the longest period apart.
        let span = limits.iter().map(Model::span).max().unwrap_or(1);
        run(limits, ops, span / 128 + 1)?;
    }

    #[test]
    fn many_small_charges_are_late_by_a_grain_at_most(
        charges in proptest::collection::vec(0..SECOND / 5, 1..2000),
    ) {
        let mut book = Book::new(vec![Limit::calls_per_minute(1000).burst(1000)], 0);
        let mut now = 0;
        let mut times = Vec::new();
        for wait in charges {
            now += wait;
            let exact = (times.len() >= 1000).then(|| times[times.len() - 1000] + 60_500_000_000);
            let exact = exact.unwrap_or(0).max(now);
            while let Err(at) = book.reserve(now, Demand::call(0)) {
                now = at;
            }
            let pace = times.last().map_or(0, |last: &u64| last + 60_500_000);
            prop_assert!(now <= exact.max(pace) + 60_500_000_000 / 128 + 60_500_000);
            times.push(now);
        }
    }
}

fn book(limits: impl Into<Vec<Limit>>) -> Book {
    Book::new(limits.into(), 0)
}

#[test]
fn limits_are_charged_together_or_not_at_all() {
    let mut book = book([
        Limit::tokens_per_minute(1000).burst(1000),
        Limit::calls_per_minute(2).burst(2),
    ]);
    for _ in 0..2 {
        book.reserve(0, Demand::call(10)).unwrap();
    }
    book.reserve(0, Demand::call(10)).unwrap_err();
    let used: Vec<_> = book.gauges(0).iter().map(Gauge::used).collect();
    assert_eq!(used, [20, 2]);
}

#[test]
fn a_debt_delays_later_calls_by_what_it_is_worth() {
    let limit = Limit::tokens_per_minute(60)
        .margin(Duration::ZERO)
        .burst(10);
    let mut book = book([limit]);
    let entry = book.reserve(0, Demand::call(10)).unwrap();
    book.settle(0, &entry, Demand::call(15));
    assert_eq!(book.reserve(0, Demand::call(1)).unwrap_err(), 6 * SECOND);
}

#[test]
fn a_call_larger_than_the_burst_goes_alone() {
    let limit = Limit::tokens_per_minute(60)
        .margin(Duration::ZERO)
        .burst(10);
    let mut book = book([limit]);
    book.reserve(0, Demand::call(40)).unwrap();
    let next = book.reserve(0, Demand::call(1)).unwrap_err();
    assert_eq!(next, 31 * SECOND);
    let large = book.reserve(0, Demand::call(20)).unwrap_err();
    assert_eq!(large, 40 * SECOND);
}

#[test]
fn a_minute_is_used_to_99_percent_for_hours() {
    let mut book = book([Limit::calls_per_minute(60)]);
    let mut now = 0;
    for _ in 0..6000 {
        while let Err(at) = book.reserve(now, Demand::call(0)) {
            now = at;
        }
    }
    let ideal = 5999 * SECOND;
    assert!(now > ideal && now < ideal / 100 * 101, "{now}");
}

#[test]
fn a_day_is_not_spread_over_the_day() {
    let mut book = book([Limit::tokens_per_day(1000)]);
    book.reserve(0, Demand::call(600)).unwrap();
    book.reserve(SECOND, Demand::call(400)).unwrap();
    let at = book.reserve(2 * SECOND, Demand::call(1)).unwrap_err();
    assert!(at >= 24 * 3600 * SECOND);
}

#[test]
fn extreme_amounts_do_not_overflow() {
    for amount in [0, 1, u64::MAX] {
        for period in [Duration::from_nanos(1), Duration::MAX] {
            let mut book = book([Limit::tokens(amount, period), Limit::calls(amount, period)]);
            for now in [0, 1, u64::MAX] {
                for tokens in [0, 1, u64::MAX] {
                    let demand = Demand::call(tokens);
                    if book.exceeded(demand).is_some() {
                        continue;
                    }
                    if let Ok(entry) = book.reserve(now, demand) {
                        book.settle(now, &entry, Demand::call(u64::MAX));
                    }
                    let _ = book.fits_at(now, demand, demand);
                    let _ = book.whole_at(now);
                }
            }
        }
    }
}

#[test]
fn time_that_goes_back_changes_nothing() {
    let mut book = book([Limit::calls_per_minute(60)]);
    book.reserve(10 * SECOND, Demand::call(0)).unwrap();
    let at = book.reserve(10 * SECOND, Demand::call(0)).unwrap_err();
    assert_eq!(book.reserve(0, Demand::call(0)).unwrap_err(), at);
}

#[test]
fn a_throttle_lowers_the_rate_and_takes_the_burst() {
    let mut book = book([Limit::calls_per_minute(600)]);
    let entry = book.reserve(0, Demand::call(0)).unwrap();
    book.settle(0, &entry, Demand::NONE);
    assert!(book.throttled(0, &entry));
    let at = book.reserve(0, Demand::call(0)).unwrap_err();
    assert!(at > SECOND / 10 && at < SECOND / 7, "{at}");
}
