//! Thousands of callers with cancellations, panics and errors: the books balance, and nobody gets
//! another key's answer.

mod support;

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use support::{Key, Request, Words, soon};
use tokio::{task::LocalSet, time::sleep};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_response_cache::{ByKey, ResponseCacheLayer, Stats};

const CALLERS: usize = 3000;
const REQUESTS: [Request; 9] = [
    "a",
    "b",
    "c",
    "d",
    "e",
    "a refresh",
    "b no-store",
    "c bypass",
    "d refresh",
];

fn key(req: Request) -> Key {
    req.split_once(' ').map_or(req, |(key, _)| key)
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    ok: u64,
    failed: u64,
    cancelled: u64,
    panicked: u64,
    calls: u64,
}

async fn run(seed: u64) -> (Outcome, Stats) {
    let random = Rc::new(RefCell::new(fastrand::Rng::with_seed(seed)));
    let millis = |random: &RefCell<fastrand::Rng>, max| {
        Duration::from_millis(random.borrow_mut().u64(0..max))
    };
    let outcome = Rc::new(RefCell::new(Outcome::default()));

    let inner = service_fn({
        let (random, outcome) = (Rc::clone(&random), Rc::clone(&outcome));
        move |req: Request| {
            outcome.borrow_mut().calls += 1;
            let (random, number) = (Rc::clone(&random), outcome.borrow().calls);
            async move {
                sleep(millis(&random, 40)).await;
                let dice = random.borrow_mut().u8(0..20);
                match dice {
                    0 | 1 => panic!("on purpose"),
                    2 | 3 => Err(BoxError::from("mine")),
                    4 | 5 => Err(BoxError::from("shared")),
                    6 | 7 => Ok(format!("passing {} {number}", key(req))),
                    8 => Ok(format!("stream {} {number}", key(req))),
                    9 => Ok(format!("panic in keep {} {number}", key(req))),
                    _ => Ok(format!("answer {} {number}", key(req))),
                }
            }
        }
    });
    let layer = ResponseCacheLayer::new(Words, 1000);
    let handle = layer.handle();
    let service = layer.layer(inner);

    let callers = (0..CALLERS).map(|_| {
        let (service, random, outcome) = (service.clone(), Rc::clone(&random), Rc::clone(&outcome));
        let handle = handle.clone();
        tokio::task::spawn_local(async move {
            sleep(millis(&random, 3000)).await;
            let req = random.borrow_mut().choice(REQUESTS).expect("not empty");
            if random.borrow_mut().u8(0..10) == 0 {
                handle.invalidate(&key(req));
            }
            let patience = millis(&random, 200);
            let result = tokio::time::timeout(patience, service.oneshot(req)).await;
            let mut outcome = outcome.borrow_mut();
            match result {
                Err(_) => outcome.cancelled += 1,
                Ok(Err(_)) => outcome.failed += 1,
                Ok(Ok(answer)) => {
                    let expected = format!(" {} ", key(req));
                    assert!(answer.contains(&expected), "{req} got {answer}");
                    outcome.ok += 1;
                }
            }
        })
    });
    let callers: Vec<_> = callers.collect();
    for caller in soon(join_all(callers)).await {
        if let Err(error) = caller {
            let panic = error.into_panic();
            let message = panic.downcast_ref::<&str>().copied();
            assert!(
                matches!(message, Some("on purpose" | "keep")),
                "{message:?}"
            );
            outcome.borrow_mut().panicked += 1;
        }
    }
    let outcome = outcome.take();
    (outcome, handle.stats())
}

#[test]
fn books_balance_after_cancellations_panics_and_errors() {
    let once = |seed| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        LocalSet::new().block_on(&runtime, run(seed))
    };
    for seed in 0..8 {
        let (outcome, stats) = once(seed);
        let ended = outcome.ok + outcome.failed + outcome.cancelled + outcome.panicked;
        assert_eq!(ended, CALLERS as u64);
        assert_eq!(
            stats.misses + stats.refreshes + stats.bypasses,
            outcome.calls
        );
        assert_eq!(stats.flights, 0, "seed {seed}: {stats:?}");
        // Each kind of end was met often enough to count.
        for met in [
            outcome.ok,
            outcome.failed,
            outcome.cancelled,
            outcome.panicked,
            stats.joins,
            stats.hits,
        ] {
            assert!(met > 20, "seed {seed}: {outcome:?} {stats:?}");
        }
        if seed == 0 {
            assert_eq!(once(seed).0, outcome, "the same seed gives the same run");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_race_for_a_key_make_one_call() {
    let calls = Arc::new(AtomicU64::new(0));
    let inner = service_fn({
        let calls = Arc::clone(&calls);
        move |req: u64| {
            calls.fetch_add(1, Ordering::Relaxed);
            async move {
                if req % 2 == 0 {
                    tokio::task::yield_now().await;
                }
                Ok::<_, BoxError>(req)
            }
        }
    });
    let policy = ByKey::new(Duration::from_secs(3600), |req: &u64| Some(*req));
    let layer = ResponseCacheLayer::new(policy, 1 << 20);
    let service = layer.layer(inner);
    for round in 0..2000 {
        let callers = (0..8).map(|_| tokio::spawn(service.clone().oneshot(round)));
        for answer in in_time(join_all(callers.collect::<Vec<_>>())).await {
            assert_eq!(answer.unwrap().unwrap(), round);
        }
    }
    let stats = layer.handle().stats();
    assert_eq!((stats.misses, calls.load(Ordering::Relaxed)), (2000, 2000));
    assert_eq!((stats.hits + stats.joins, stats.flights), (14_000, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_that_abandon_flights_wedge_no_key() {
    let inner = service_fn(|req: u64| async move {
        tokio::task::yield_now().await;
        Ok::<_, BoxError>(req)
    });
    // Nothing is stored, so that every caller is on a flight.
    let policy = ByKey::new(Duration::ZERO, |req: &u64| Some(*req % 3));
    let layer = ResponseCacheLayer::new(policy, 10);
    let service = layer.layer(inner);
    let callers = (0..20_000).map(|n| {
        let caller = tokio::spawn(service.clone().oneshot(n));
        if n % 3 == 0 {
            caller.abort();
        }
        caller
    });
    for (n, caller) in callers.collect::<Vec<_>>().into_iter().enumerate() {
        match in_time(caller).await {
            Ok(answer) => assert_eq!(answer.unwrap() % 3, n as u64 % 3),
            Err(error) => assert!(error.is_cancelled()),
        }
    }
    assert_eq!(layer.handle().stats().flights, 0);
}

/// The clock of several threads cannot be paused; a minute is far more than they need.
async fn in_time<F: Future>(future: F) -> F::Output {
    let minute = Duration::from_secs(60);
    tokio::time::timeout(minute, future).await.expect("hangs")
}
