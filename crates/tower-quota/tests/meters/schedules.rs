//! Any schedule, with the limit told and no neighbour, and any that callers break off.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{sleep, timeout};
use tower::{Service, ServiceExt, service_fn};

use crate::metered::client;
use crate::metered::server::{Meter, PerMinute, Server};
use crate::metered::subject::{self, Books};
use crate::metered::wire::{Answer, Throttled, Wire};
use crate::metered::workload::{Arrivals, Call, Told, Workload};

/// What learning a limit may cost in throttles: so many at first, and a part of one for each call.
/// Where calls come to more than they reserve, some are refused for what nobody could know.
const PURSE: usize = 12;
const EARNED: f64 = 0.02;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

fn meter() -> impl Strategy<Value = Meter> {
    prop_oneof![
        (1.0..60.0).prop_map(Meter::Bucket),
        Just(Meter::Fixed),
        Just(Meter::Sliding),
    ]
}

fn limits() -> impl Strategy<Value = PerMinute> {
    prop_oneof![
        Just((None, Some(60_000.0))),
        Just((Some(60.0), Some(60_000.0))),
        Just((Some(30.0), None)),
    ]
    .prop_map(|(calls, tokens)| PerMinute { calls, tokens })
}

/// Calls that come one after another, some at once and some after minutes.
fn calls() -> impl Strategy<Value = Vec<Call>> {
    let gap = prop_oneof![
        5 => Just(0.0),
        5 => 0.0..2.0,
        1 => 0.0..200.0,
    ];
    let used = prop_oneof![3 => 0.0..1.0_f64, 2 => Just(1.0), 1 => 1.0..5.0];
    let reserved = prop_oneof![1..500_u64, 500..5000_u64, 5000..20_000_u64];
    let call = (gap, reserved, used, 0.05..10.0, any::<bool>());
    let calls = (any::<bool>(), proptest::collection::vec(call, 1..80));
    calls.prop_map(|(debts, calls)| {
        let mut comes = 0.0;
        let calls = calls.into_iter().enumerate();
        let calls = calls.map(|(number, (gap, reserved, used, seconds, streamed))| {
            comes += gap;
            let used = if debts { used } else { used.min(1.0) };
            Call {
                number,
                comes,
                reserved,
                used: (used * reserved as f64) as u64,
                seconds,
                first_event: streamed.then_some(0.3),
            }
        });
        calls.collect()
    })
}

fn workload(limits: PerMinute, told: Told) -> Workload {
    Workload {
        limits,
        told,
        arrivals: Arrivals::Open(1.0),
        ..Workload::plain("any")
    }
}

fn wire(workload: &Workload, meter: Meter, phase: f64, calls: &[Call]) -> Arc<Wire> {
    let largest = calls.iter().map(|call| call.reserved).max().unwrap_or(0);
    let server = Server::new(meter, workload.limits, largest as f64, phase);
    Arc::new(Wire::new(workload, server, calls.len(), 0))
}

/// How long the calls take one by one, whatever they come to less than they reserve.
fn one_by_one(limits: PerMinute, calls: &[Call]) -> f64 {
    let tokens = calls.iter().map(|call| call.reserved.max(call.used) as f64);
    let tokens = limits
        .tokens
        .map_or(0.0, |limit| tokens.sum::<f64>() / limit);
    let calls = limits.calls.map_or(0.0, |limit| calls.len() as f64 / limit);
    60.0 * tokens.max(calls)
}

async fn all_go_in_their_order(meter: Meter, limits: PerMinute, phase: f64, calls: Vec<Call>) {
    let workload = workload(limits, Told::Truth);
    let wire = wire(&workload, meter, phase, &calls);
    let (service, ledger) = subject::around(wire.service(), subject::told(&workload));
    let last = calls.iter().map(|call| call.comes + call.seconds);
    let most = last.fold(0.0, f64::max) + 180.0 + 2.0 * one_by_one(limits, &calls);
    let outcome = client::run(&workload, &calls, &wire, &[service], most).await;
    assert!(
        outcome.finished,
        "after {most} s {} are done",
        outcome.done.len()
    );
    assert_eq!(outcome.done.len(), calls.len());
    let first = wire.first_sent();
    assert!(first.is_sorted(), "one went before another: {first:?}");
    let units = limits.calls.iter().chain(&limits.tokens).count();
    let purse = (units * PURSE) as f64 + EARNED * calls.len() as f64;
    let throttles = outcome.throttles.len();
    let debts = calls.iter().any(|call| call.used > call.reserved);
    assert!(debts || throttles as f64 <= purse, "{throttles} throttles");
    let books = ledger.books();
    let expected = Books {
        throttled: throttles as u64,
        reserved: calls.iter().map(|call| call.reserved).sum(),
        used: calls.iter().map(|call| call.used).sum(),
        counts: books.counts,
        ..Books::default()
    };
    assert_eq!(books, expected);
    sleep(Duration::from_secs_f64(180.0 + one_by_one(limits, &calls))).await;
    assert_eq!(ledger.books().counts, 0);
}

/// When a caller goes away.
#[derive(Clone, Copy, Debug)]
enum Stay {
    ToTheEnd,
    Unpolled,
    /// So many milliseconds.
    For(u64),
}

fn stays() -> impl Strategy<Value = Vec<Stay>> {
    let stay = prop_oneof![
        3 => Just(Stay::ToTheEnd),
        1 => Just(Stay::Unpolled),
        2 => (0..120_u64).prop_map(Stay::For),
        4 => (0..12_000_u64).prop_map(Stay::For),
    ];
    proptest::collection::vec(stay, 80)
}

/// What has been sent: all that it reserved, until it is known better.
#[derive(Clone, Debug, Default)]
struct Tally(Arc<Mutex<Books>>);

impl Tally {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sent(&self, call: Call) {
        let mut books = self.books();
        books.reserved += call.reserved;
        books.used += call.reserved;
    }

    fn came_to(&self, call: Call) {
        let mut books = self.books();
        books.used = books.used - call.reserved + call.used;
    }

    fn throttled(&self, call: Call) {
        let mut books = self.books();
        books.reserved -= call.reserved;
        books.used -= call.reserved;
        books.throttled += 1;
    }
}

/// Makes one attempt, and reads its answer to the end.
async fn attempt<S>(call: Call, service: S, wire: Arc<Wire>, tally: Tally)
where
    S: Service<Call, Response = Answer, Error = Throttled>,
{
    if let Ok(answer) = service.oneshot(call).await {
        let streamed = answer.rest.is_some();
        wire.read(answer).await;
        if streamed {
            tally.came_to(call);
        }
    }
}

async fn nothing_is_lost(meter: Meter, limits: PerMinute, calls: Vec<Call>, stays: Vec<Stay>) {
    // Told too much, so that there are throttles as well.
    let workload = workload(limits, Told::Times(2.0));
    let wire = wire(&workload, meter, 0.0, &calls);
    let tally = Tally::default();
    let (below, inner) = (wire.service(), tally.clone());
    let inner = service_fn(move |call: Call| {
        let (below, tally) = (below.clone(), inner.clone());
        tally.sent(call);
        async move {
            let result = below.oneshot(call).await;
            match &result {
                Ok(answer) if answer.rest.is_none() => tally.came_to(call),
                Ok(_) => {}
                Err(_) => tally.throttled(call),
            }
            result
        }
    });
    let (service, ledger) = subject::around(inner, subject::told(&workload));
    let mut tasks = Vec::new();
    for (&call, stay) in calls.iter().zip(stays) {
        tokio::time::sleep_until(wire.start() + Duration::from_secs_f64(call.comes)).await;
        let attempt = attempt(call, service.clone(), Arc::clone(&wire), tally.clone());
        let time = match stay {
            Stay::ToTheEnd => YEAR,
            Stay::For(millis) => Duration::from_millis(millis),
            Stay::Unpolled => continue,
        };
        tasks.push(tokio::spawn(timeout(time, attempt)));
    }
    for task in tasks {
        // Who stays to the end does not stay for a year.
        let _ = timeout(YEAR / 2, task).await.expect("none hangs");
    }
    let books = ledger.books();
    let expected = Books {
        counts: books.counts,
        ..*tally.books()
    };
    assert_eq!(books, expected);
    sleep(Duration::from_secs_f64(600.0 + one_by_one(limits, &calls))).await;
    assert_eq!(ledger.books().counts, 0);
    let after = timeout(Duration::from_secs(300), service.oneshot(calls[0])).await;
    assert!(after.is_ok(), "there is room, and nobody goes");
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.expect("a runtime").block_on(test);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_schedule_loses_a_call_or_lets_one_wait_for_ever(
        meter in meter(), limits in limits(), phase in 0.0..60.0, calls in calls()
    ) {
        run(all_go_in_their_order(meter, limits, phase, calls));
    }

    #[test]
    fn whoever_goes_away_the_ledger_stays_exact(
        meter in meter(), limits in limits(), calls in calls(), stays in stays()
    ) {
        run(nothing_is_lost(meter, limits, calls, stays));
    }
}
