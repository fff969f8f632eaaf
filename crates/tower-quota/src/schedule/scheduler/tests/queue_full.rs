//! What one is told that finds the queue full.

use proptest::prelude::*;

use super::super::*;
use super::SECOND;
use crate::account::Account;
use crate::call::Priority;

/// Limits that a server may have, and what calls ask for: some are larger than a bucket.
fn any_limits() -> impl Strategy<Value = Vec<Limit>> {
    let bucket = (60..600_u64, 1..30_u64).prop_map(|(amount, burst)| (amount, Some(burst)));
    let kind = prop_oneof![bucket, (20..600_u64).prop_map(|amount| (amount, None))];
    let limit = |limit: Limit, burst: Option<u64>| match burst {
        Some(burst) => limit.burst(burst),
        None => limit.window(),
    };
    (kind.clone(), kind).prop_map(move |(calls, tokens)| {
        vec![
            limit(Limit::calls_per_minute(calls.0), calls.1),
            limit(
                Limit::tokens_per_minute(10 * tokens.0),
                tokens.1.map(|burst| 10 * burst),
            ),
        ]
    })
}

proptest! {
    /// Two lines of the same calls, one of them too short for the last: it is told when it goes in
    /// the other, where nobody else comes and nothing is heard of those that went.
    #[test]
    fn one_that_finds_the_queue_full_is_told_when_it_would_have_gone(
        limits in any_limits(),
        one in 1..3_usize,
        calls in proptest::collection::vec((0..3 * SECOND, 0..200_u64), 2..40),
    ) {
        let call = |tokens| Call {
            amount: Amount::call(tokens),
            priority: Priority::Normal,
            tenant: 0,
            deadline: None,
            latest: None,
        };
        let (last, before) = calls.split_last().expect("there are two");
        let mut now = 0;
        let mut line = || {
            let settings = Settings { max_queue: usize::MAX, ..Settings::default() };
            let mut account = Account::new(limits[..one].to_vec(), 0);
            account.learns_nothing();
            let mut scheduler = Scheduler::<u64>::new(account, Arc::new(settings));
            now = 0;
            for (wait, tokens) in before {
                now += wait;
                scheduler.enter(now, call(*tokens));
            }
            now += last.0;
            scheduler.advance(now);
            scheduler
        };
        let (mut long, mut short) = (line(), line());
        let max_queue = short.queue.len();
        short.settings = Arc::new(Settings { max_queue, ..Settings::default() });
        match (short.enter(now, call(last.1)), long.enter(now, call(last.1))) {
            (Entered::Rejected(Cause::QueueFull, at), Entered::Waits(place)) => {
                while long.answer(place).is_none() {
                    now = long.wake_at.expect("somebody waits");
                    long.advance(now);
                }
                prop_assert_eq!(at, Some(now));
            }
            (short, long) => prop_assert_eq!(short, long),
        }
    }
}

/// Calls line up, and then one that finds the queue full, or the same queue with room for it.
fn last_of(limits: &[Limit], amounts: &[u64], max_queue: usize) -> (Entered, Scheduler<u64>) {
    let settings = Settings {
        max_queue,
        ..Settings::default()
    };
    let account = Account::new(limits.to_vec(), 0);
    let mut scheduler = Scheduler::new(account, Arc::new(settings));
    let mut last = None;
    for tokens in amounts {
        let call = Call {
            amount: Amount::call(*tokens),
            priority: Priority::Normal,
            tenant: 0,
            deadline: None,
            latest: None,
        };
        last = Some(scheduler.enter(0, call));
    }
    (last.expect("somebody comes"), scheduler)
}

proptest! {
    #[test]
    fn who_finds_the_queue_full_is_told_by_when_it_would_have_gone(
        amounts in proptest::collection::vec(1..=60_u64, 3..10)
    ) {
        let limits = [Limit::tokens_per_minute(600)];
        let (entered, scheduler) = last_of(&limits, &amounts, usize::MAX);
        let Entered::Waits(place) = entered else { return Ok(()) };
        let waiting = scheduler.queue.len();
        let mut scheduler = scheduler;
        let mut goes_at = 0;
        while let Some(at) = scheduler.wake_at {
            scheduler.advance(at);
            goes_at = at;
        }
        prop_assert!(matches!(scheduler.answer(place), Some(Ok(_))));
        // Some of those ahead may go as trials, before they surely fit.
        let (entered, _) = last_of(&limits, &amounts, waiting - 1);
        let Entered::Rejected(Cause::QueueFull, Some(told)) = entered else {
            panic!("{entered:?}");
        };
        prop_assert!(goes_at <= told, "{} is after {}", goes_at, told);
    }
}
