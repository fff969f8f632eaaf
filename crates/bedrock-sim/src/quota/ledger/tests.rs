//! The ledger against the plainest model of each meter: everything recomputed from a list.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;

use super::{DAY, Ledger, Meter, Quota, Ticket};
use crate::model::Model;

const MINUTE_MS: u64 = 60_000;

#[derive(Clone, Debug)]
enum Step {
    Admit(u64),
    /// Settles the n-th call still in flight.
    Settle(usize, u64),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..400_u64).prop_map(Step::Admit),
        (any::<usize>(), 0..900_u64).prop_map(|(call, tokens)| Step::Settle(call, tokens)),
        prop_oneof![0..500_u64, 0..200_000_u64].prop_map(Step::Wait),
    ];
    proptest::collection::vec(step, 1..120)
}

fn meters() -> impl Strategy<Value = Meter> {
    prop_oneof![
        Just(Meter::Bucket),
        Just(Meter::FixedMinute),
        Just(Meter::SlidingMinute)
    ]
}

/// What happened to the quota, in the order it happened, times in milliseconds.
struct Plain {
    meter: Meter,
    limit: u64,
    burst_ms: u64,
    /// When it counts, and how many tokens it adds to what is available.
    changes: Vec<(u64, i128)>,
}

impl Plain {
    fn admit(&mut self, now: u64, tokens: u64) {
        self.changes.push((now, -i128::from(tokens)));
    }

    fn settle(&mut self, admitted: u64, now: u64, reserved: u64, tokens: u64) {
        let change = i128::from(reserved) - i128::from(tokens);
        match self.meter {
            Meter::SlidingMinute if change > 0 => self.changes.push((admitted, change)),
            Meter::FixedMinute if change > 0 && now / MINUTE_MS != admitted / MINUTE_MS => {}
            _ => self.changes.push((now, change)),
        }
    }

    /// What is available, in 60,000ths of a token.
    fn available(&self, now: u64) -> i128 {
        let limit = i128::from(self.limit);
        let unit = i128::from(MINUTE_MS);
        let changes = &self.changes;
        match self.meter {
            Meter::Bucket => {
                let capacity = limit * i128::from(self.burst_ms);
                let (mut level, mut last) = (capacity, 0);
                for (at, change) in changes.iter().copied().chain([(now, 0)]) {
                    level = (level + limit * i128::from(at - last)).min(capacity);
                    level = (level + change * unit).min(capacity);
                    last = at;
                }
                level
            }
            Meter::FixedMinute => {
                let mut carried = 0;
                for minute in 0..=now / MINUTE_MS {
                    let spent: i128 = changes
                        .iter()
                        .filter(|(at, _)| at / MINUTE_MS == minute)
                        .map(|(_, change)| -change)
                        .sum();
                    let used = carried + spent;
                    if minute == now / MINUTE_MS {
                        return (limit - used) * unit;
                    }
                    carried = (used - limit).max(0);
                }
                unreachable!("the present minute is the last one")
            }
            Meter::SlidingMinute => {
                let used: i128 = changes
                    .iter()
                    .filter(|(at, _)| now - at < MINUTE_MS)
                    .map(|(_, change)| -change)
                    .sum();
                (limit - used) * unit
            }
        }
    }
}

fn at(start: Instant, ms: u64) -> Instant {
    start + Duration::from_millis(ms)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_ledger_agrees_with_the_plain_model(
        meter in meters(),
        limit in 1..1_000_u64,
        burst_ms in 1..120_000_u64,
        steps in steps(),
    ) {
        let start = Instant::now();
        let model = Model::new("m").tokens_per_minute(limit).burst(Duration::from_millis(burst_ms));
        let mut ledger = Ledger::new(&model, meter, start);
        let mut plain = Plain { meter, limit, burst_ms, changes: Vec::new() };
        let mut flying: Vec<(Ticket, u64)> = Vec::new();
        let mut now = 0;
        for step in steps {
            match step {
                Step::Wait(ms) => now += ms,
                Step::Admit(tokens) => {
                    let fits = i128::from(tokens * MINUTE_MS) <= plain.available(now);
                    match ledger.admit(at(start, now), tokens) {
                        Ok(ticket) => {
                            prop_assert!(fits, "admitted {tokens} that do not fit");
                            flying.push((ticket, now));
                            plain.admit(now, tokens);
                        }
                        Err(quota) => {
                            prop_assert_eq!(quota, Quota::TokensPerMinute);
                            prop_assert!(!fits, "refused {tokens} that fit");
                        }
                    }
                }
                Step::Settle(call, tokens) => {
                    if flying.is_empty() {
                        continue;
                    }
                    let (ticket, admitted) = flying.remove(call % flying.len());
                    ledger.settle(at(start, now), &ticket, tokens);
                    plain.settle(admitted, now, ticket.reserved, tokens);
                }
            }
            let available = ledger.available(at(start, now)).tokens_per_minute;
            let expected = plain.available(now).div_euclid(i128::from(MINUTE_MS));
            prop_assert_eq!(available.map(i128::from), Some(expected));
        }
    }

    #[test]
    fn no_window_admits_more_than_its_limit(
        meter in meters(),
        limit in 1..1_000_u64,
        steps in steps(),
    ) {
        let start = Instant::now();
        let model = Model::new("m").tokens_per_minute(limit).tokens_per_day(5 * limit);
        let mut ledger = Ledger::new(&model, meter, start);
        let mut admitted: Vec<(u64, u64)> = Vec::new();
        let mut now = 0;
        for step in steps {
            match step {
                Step::Wait(ms) => now += ms,
                Step::Admit(tokens) if ledger.admit(at(start, now), tokens).is_ok() => {
                    admitted.push((now, tokens));
                }
                _ => {}
            }
        }
        let spent = |from: u64, to: u64| -> u64 {
            admitted.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, n)| n).sum()
        };
        let day = u64::try_from(DAY.as_millis()).unwrap();
        for (from, _) in &admitted {
            match meter {
                Meter::SlidingMinute => prop_assert!(spent(*from, from + MINUTE_MS) <= limit),
                Meter::FixedMinute => {
                    let minute = from / MINUTE_MS * MINUTE_MS;
                    prop_assert!(spent(minute, minute + MINUTE_MS) <= limit);
                }
                Meter::Bucket => for (to, _) in admitted.iter().filter(|(to, _)| to >= from) {
                    let most = limit * (MINUTE_MS + to - from);
                    prop_assert!(spent(*from, to + 1) * MINUTE_MS <= most);
                },
            }
            prop_assert!(spent(from / day * day, from / day * day + day) <= 5 * limit);
        }
    }

    #[test]
    fn any_numbers_are_survived(
        meter in meters(),
        limits in any::<(u64, u64, u64)>(),
        burst in any::<u64>(),
        calls in proptest::collection::vec(any::<(u64, u64)>(), 1..20),
    ) {
        let start = Instant::now();
        let model = Model::new("m")
            .tokens_per_minute(limits.0)
            .requests_per_minute(limits.1)
            .tokens_per_day(limits.2)
            .burst(Duration::from_secs(burst));
        let mut ledger = Ledger::new(&model, meter, start);
        for (reserved, settled) in calls {
            if let Ok(ticket) = ledger.admit(start, reserved) {
                ledger.settle(start, &ticket, settled);
            }
            ledger.available(start);
        }
    }
}

#[test]
fn a_refused_call_is_charged_to_no_quota() {
    let start = Instant::now();
    let model = Model::new("m")
        .tokens_per_minute(100)
        .requests_per_minute(2)
        .tokens_per_day(150);
    for meter in [Meter::Bucket, Meter::FixedMinute, Meter::SlidingMinute] {
        let mut ledger = Ledger::new(&model, meter, start);
        assert_eq!(
            ledger.admit(start, 101).unwrap_err(),
            Quota::TokensPerMinute
        );
        assert_eq!(ledger.admit(start, 151).unwrap_err(), Quota::TokensPerDay);
        let left = ledger.available(start);
        assert_eq!(
            (
                left.tokens_per_minute,
                left.requests_per_minute,
                left.tokens_per_day
            ),
            (Some(100), Some(2), Some(150))
        );
        ledger.admit(start, 10).unwrap();
        ledger.admit(start, 10).unwrap();
        assert_eq!(
            ledger.admit(start, 10).unwrap_err(),
            Quota::RequestsPerMinute
        );
        assert_eq!(ledger.available(start).tokens_per_minute, Some(80));
    }
}

#[test]
fn a_quota_of_zero_refuses_for_ever() {
    let start = Instant::now();
    let later = start + 400 * DAY;
    for meter in [Meter::Bucket, Meter::FixedMinute, Meter::SlidingMinute] {
        for (model, quota) in [
            (Model::new("m").tokens_per_minute(0), Quota::TokensPerMinute),
            (
                Model::new("m").requests_per_minute(0),
                Quota::RequestsPerMinute,
            ),
            (Model::new("m").tokens_per_day(0), Quota::TokensPerDay),
        ] {
            let mut ledger = Ledger::new(&model, meter, start);
            assert_eq!(ledger.admit(start, 1).unwrap_err(), quota);
            assert_eq!(ledger.admit(later, 1).unwrap_err(), quota);
        }
    }
}

#[test]
fn a_bucket_of_requests_holds_at_least_one() {
    let start = Instant::now();
    let model = Model::new("m")
        .requests_per_minute(4)
        .burst(Duration::from_secs(1));
    let mut ledger = Ledger::new(&model, Meter::Bucket, start);
    ledger.admit(start, 1).unwrap();
    ledger.admit(at(start, 14_999), 1).unwrap_err();
    ledger.admit(at(start, 15_000), 1).unwrap();
}

#[test]
fn a_new_day_begins_after_24_hours() {
    let start = Instant::now();
    let mut ledger = Ledger::new(&Model::new("m").tokens_per_day(10), Meter::Bucket, start);
    ledger.admit(start, 10).unwrap();
    ledger
        .admit(start + DAY - Duration::from_millis(1), 1)
        .unwrap_err();
    ledger.admit(start + DAY, 10).unwrap();
}
