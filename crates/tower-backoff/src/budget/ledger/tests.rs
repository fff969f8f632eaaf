use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::Ledger;
use crate::budget::Budget;

#[derive(Clone, Copy, Debug)]
enum Event {
    Call(u64),
    Pass(u64),
    Retry(u64),
    Abandon,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (0..20_u64).prop_map(Event::Call),
        1 => (0..3_000_u64).prop_map(Event::Pass),
        4 => (0..40_u64).prop_map(Event::Retry),
        1 => Just(Event::Abandon),
    ];
    prop::collection::vec(event, 1..200)
}

fn budgets() -> impl Strategy<Value = Budget> {
    (0..20_u32, 1..20_u32, 0..5_u32, 0..30_u64).prop_map(|(top, bottom, floor, burst)| {
        Budget::ratio(top, bottom)
            .floor_per_second(floor)
            .burst(burst)
    })
}

/// The plainest budget: every call and every millisecond is credited as it comes.
/// Counted in thousandths of a denominator.
struct Plain {
    budget: Budget,
    balance: u64,
}

impl Plain {
    fn new(budget: Budget) -> Self {
        let mut plain = Self { budget, balance: 0 };
        plain.balance = plain.capacity();
        plain
    }

    fn unit(&self) -> u64 {
        u64::from(self.budget.denominator) * 1_000
    }

    fn capacity(&self) -> u64 {
        self.budget.burst.unwrap() * self.unit()
    }

    fn credit(&mut self, amount: u64) {
        self.balance = (self.balance + amount).min(self.capacity());
    }

    fn price(&self, weight: u64) -> u64 {
        (weight * self.unit()).min(self.capacity())
    }

    fn apply(&mut self, event: Event) -> bool {
        match event {
            Event::Call(weight) => self.credit(weight * u64::from(self.budget.numerator) * 1_000),
            Event::Pass(ms) => {
                for _ in 0..ms {
                    self.credit(u64::from(self.budget.floor) * u64::from(self.budget.denominator));
                }
            }
            Event::Retry(weight) => {
                let price = self.price(weight);
                let pays = self.capacity() > 0 && price <= self.balance;
                self.balance -= if pays { price } else { 0 };
                return pays;
            }
            Event::Abandon => unreachable!("refunds name a weight"),
        }
        true
    }
}

proptest! {
    #[test]
    fn looking_late_gives_what_looking_always_gives(budget in budgets(), events in events()) {
        let mut ledger = Ledger::new(budget).unwrap();
        let mut plain = Plain::new(budget);
        let (mut now, mut traffic, mut paid) = (Instant::now(), u64::MAX - 50, Vec::new());
        // The total may wrap around; begin just before.
        ledger.seen = traffic;
        ledger.at = Some(now);
        for event in events {
            match event {
                Event::Call(weight) => { traffic = traffic.wrapping_add(weight); plain.apply(event); }
                Event::Pass(ms) => { now += Duration::from_millis(ms); plain.apply(event); }
                Event::Retry(weight) => {
                    let pays = ledger.withdraw(now, traffic, weight);
                    prop_assert_eq!(pays, plain.apply(event));
                    if pays { paid.push(weight); }
                }
                Event::Abandon => if let Some(weight) = paid.pop() {
                    ledger.refund(weight);
                    plain.credit(plain.price(weight));
                }
            }
            prop_assert_eq!(ledger.left(now, traffic), plain.balance / plain.unit());
        }
    }

    #[test]
    fn retries_never_exceed_burst_ratio_and_floor(budget in budgets(), events in events()) {
        let mut ledger = Ledger::new(budget).unwrap();
        let (start, mut passed, mut traffic, mut retried) = (Instant::now(), 0_u64, 0, 0);
        for event in events {
            match event {
                Event::Call(weight) => traffic += weight,
                Event::Pass(ms) => passed += ms,
                Event::Retry(weight) => {
                    let now = start + Duration::from_millis(passed);
                    if ledger.withdraw(now, traffic, weight) {
                        retried += weight.min(budget.burst.unwrap());
                    }
                }
                Event::Abandon => {}
            }
            let bottom = u64::from(budget.denominator) * 1_000;
            let earned = traffic * u64::from(budget.numerator) * 1_000
                + passed * u64::from(budget.floor) * u64::from(budget.denominator);
            prop_assert!(retried * bottom <= budget.burst.unwrap() * bottom + earned);
        }
    }
}

fn empty(budget: Budget) -> Ledger {
    let mut ledger = Ledger::new(budget).unwrap();
    assert!(ledger.withdraw(Instant::now(), 0, u64::MAX));
    ledger
}

#[test]
fn three_fifths_of_ten_calls_are_six_retries() {
    let now = Instant::now();
    let mut ledger = empty(Budget::ratio(3, 5).floor_per_second(0));
    let granted = (0..10).filter(|_| ledger.withdraw(now, 10, 1)).count();
    assert_eq!(granted, 6);
}

#[test]
fn a_third_is_exact_over_many_calls() {
    let now = Instant::now();
    let mut ledger = empty(Budget::ratio(1, 3).floor_per_second(0));
    let granted = (1..=3_000)
        .filter(|calls| ledger.withdraw(now, *calls, 1))
        .count();
    assert_eq!(granted, 1_000);
}

#[test]
fn a_heavy_retry_costs_what_it_weighs() {
    let now = Instant::now();
    let mut ledger = Ledger::new(Budget::ratio(0, 1).floor_per_second(0).burst(100_010)).unwrap();
    assert!(ledger.withdraw(now, 0, 100_000));
    assert!(!ledger.withdraw(now, 0, 100_000));
    assert!(ledger.withdraw(now, 0, 10));
    assert!(!ledger.withdraw(now, 0, 1));
}

#[test]
fn a_full_budget_pays_for_one_retry_of_any_weight() {
    let now = Instant::now();
    let mut ledger = Ledger::new(Budget::default()).unwrap();
    assert!(ledger.withdraw(now, 0, u64::MAX));
    assert_eq!(ledger.left(now, 0), 0);
}

#[test]
fn a_burst_of_zero_pays_for_nothing() {
    let mut ledger = Ledger::new(Budget::default().burst(0)).unwrap();
    assert!(!ledger.withdraw(Instant::now(), 1_000, 0));
}

#[test]
fn extreme_budgets_do_not_overflow() {
    let now = Instant::now();
    let budget = Budget::ratio(u32::MAX, u32::MAX)
        .floor_per_second(u32::MAX)
        .burst(u64::MAX);
    let mut ledger = Ledger::new(budget).unwrap();
    let later = now + Duration::from_secs(u64::from(u32::MAX));
    assert!(ledger.withdraw(now, u64::MAX, u64::MAX));
    assert!(ledger.withdraw(later, u64::MAX - 1, 1));
    ledger.refund(u64::MAX);
    assert_eq!(ledger.left(later, u64::MAX), u64::MAX);
}
