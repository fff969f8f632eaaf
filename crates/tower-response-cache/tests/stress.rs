//! Ten thousand callers over a hundred keys with cancellations, panics, errors and invalidations: the
//! books balance, no caller hangs, and nobody gets another key's or tenant's answer, or an old one.

mod support;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, Once},
    time::Duration,
};

use futures_util::future::join_all;
use support::rules::{Answer, Failure, How, Key, Request, Rules, Value};
use support::{elsewhere::Elsewhere, soon};
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt, service_fn};
use tower_response_cache::{Handle, MemoryStore, ResponseCacheLayer, Snapshot, Store};

const CALLERS: u64 = 10_000;
const KEYS: u64 = 50;
const TENANTS: u64 = 2;
/// What the seed is, unless `STRESS_SEED` says otherwise; then only that one is run.
fn seeds() -> Vec<u64> {
    match std::env::var("STRESS_SEED") {
        Ok(seed) => vec![seed.parse().expect("a number")],
        Err(_) => (0..4).collect(),
    }
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    ok: u64,
    failed: u64,
    cancelled: u64,
    panicked: u64,
    calls: u64,
}

struct World {
    random: Mutex<fastrand::Rng>,
    outcome: Mutex<Outcome>,
    /// The calls made before the last invalidation that was complete, by key.
    floors: Mutex<HashMap<Key, u64>>,
    /// When each call began.
    began: Mutex<Vec<Instant>>,
}

impl World {
    fn roll(&self, sides: u64) -> u64 {
        self.random.lock().expect("no panic").u64(0..sides)
    }

    fn millis(&self, most: u64) -> Duration {
        Duration::from_millis(self.roll(most))
    }

    /// Runs at the moment that the service is called; returns the number of the call.
    fn called(&self) -> u64 {
        self.began.lock().expect("no panic").push(Instant::now());
        let mut outcome = self.outcome.lock().expect("no panic");
        outcome.calls += 1;
        outcome.calls
    }

    async fn serve(&self, call: u64, req: Request) -> Result<Answer, Failure> {
        sleep(self.millis(40)).await;
        let dice = self.roll(20);
        match dice {
            0 => panic!("on purpose"),
            1 => Err(Failure::Mine),
            2 | 3 => Err(Failure::Shared(req.tenant)),
            4 | 5 => Err(Failure::Throttled),
            _ => Ok(Answer {
                of: (req.tenant, req.key),
                call,
                keep: dice > 7,
                share: dice != 6,
                open: dice > 14,
            }),
        }
    }

    /// What the answers to a request that begins now may not be older than.
    fn floor(&self, key: Key) -> u64 {
        let floors = self.floors.lock().expect("no panic");
        floors.get(&key).copied().unwrap_or(0)
    }

    async fn invalidate<St: Store<Key, Value>>(&self, handle: &Handle<Key, Value, St>, key: Key) {
        let calls = self.outcome.lock().expect("no panic").calls;
        let by_tag = self.roll(10) == 0;
        let done = if by_tag {
            handle.invalidate_tag(&format!("tenant {}", key.0)).await
        } else {
            handle.invalidate(&key).await
        };
        if done.is_err() {
            return;
        }
        let mut floors = self.floors.lock().expect("no panic");
        let keys = if by_tag { 0..KEYS } else { key.1..key.1 + 1 };
        for other in keys {
            let floor = floors.entry((key.0, other)).or_default();
            *floor = calls.max(*floor);
        }
    }
}

async fn run<St: Store<Key, Value>>(
    seed: u64,
    layer: ResponseCacheLayer<Rules, Key, Value, St>,
    oldest: Duration,
) -> (Outcome, Snapshot) {
    let world = Arc::new(World {
        random: Mutex::new(fastrand::Rng::with_seed(seed)),
        outcome: Mutex::default(),
        floors: Mutex::default(),
        began: Mutex::default(),
    });
    let handle = layer.handle();
    let inner = Arc::clone(&world);
    let service = layer.layer(service_fn(move |req: Request| {
        let world = Arc::clone(&inner);
        let call = world.called();
        async move { world.serve(call, req).await }
    }));

    let callers = (0..CALLERS).map(|_| {
        let (service, world, handle) = (service.clone(), Arc::clone(&world), handle.clone());
        tokio::spawn(async move {
            sleep(world.millis(3000)).await;
            let how = match world.roll(20) {
                0 => How::Refresh,
                1 => How::Bypass,
                2 => How::NoStore,
                3 => How::OnlyIfCached,
                _ => How::Use,
            };
            let (tenant, key) = (world.roll(TENANTS), world.roll(KEYS));
            if world.roll(20) == 0 {
                world.invalidate(&handle, (tenant, key)).await;
            }
            let floor = world.floor((tenant, key));
            let patience = world.millis(100);
            let request = Request { tenant, key, how };
            let asked = Instant::now();
            let result = tokio::time::timeout(patience, service.oneshot(request)).await;
            let mut outcome = world.outcome.lock().expect("no panic");
            match result {
                Err(_) => outcome.cancelled += 1,
                Ok(Err(error)) => {
                    if let Failure::Shared(whose) = error {
                        assert_eq!(whose, tenant, "another tenant's error");
                    }
                    outcome.failed += 1;
                }
                Ok(Ok(answer)) => {
                    outcome.ok += 1;
                    assert_eq!(answer.of, (tenant, key), "another's answer");
                    assert!(answer.call > floor, "an answer that was invalidated");
                    let began = world.began.lock().expect("no panic")[answer.call as usize - 1];
                    let age = asked.saturating_duration_since(began);
                    assert!(age < oldest, "an answer of {age:?}");
                    assert!(how != How::Refresh || began >= asked, "not a new answer");
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
                "{message:?} {:?}",
                panic.downcast_ref::<String>(),
            );
            world.outcome.lock().expect("no panic").panicked += 1;
        }
    }
    // What goes on without callers ends on its own.
    sleep(Duration::from_secs(10)).await;
    let outcome = std::mem::take(&mut *world.outcome.lock().expect("no panic"));
    (outcome, handle.snapshot())
}

fn balance(seed: u64, (outcome, snapshot): (Outcome, Snapshot)) {
    let ended = outcome.ok + outcome.failed + outcome.cancelled + outcome.panicked;
    assert_eq!(ended, CALLERS);
    let calls = snapshot.misses + snapshot.refreshes + snapshot.revalidations + snapshot.bypasses;
    assert_eq!(calls, outcome.calls);
    assert_eq!((snapshot.flights, snapshot.waiting), (0, 0), "seed {seed}");
    // Each kind of end was met often enough to count.
    for met in [
        outcome.ok,
        outcome.failed,
        outcome.cancelled,
        outcome.panicked,
        snapshot.joins,
        snapshot.hits,
        snapshot.stale,
        snapshot.revalidations,
        snapshot.absent,
    ] {
        assert!(met > 20, "seed {seed}: {outcome:?} {snapshot:?}");
    }
}

/// On a paused clock, with the panics that are on purpose kept from the output.
fn paused<F: Future>(future: F) -> F::Output {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !matches!(
                panic.payload().downcast_ref::<&str>().copied(),
                Some("on purpose" | "keep")
            ) {
                report(panic);
            }
        }));
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a clock needs nothing");
    runtime.block_on(future)
}

/// Nothing is served that is older than a lifetime, the longest time for stale answers, a call and the
/// time to its end.
const OLDEST: Duration = Duration::from_millis(80 + 2 * 200 + 40 + 60);

#[test]
fn books_balance_after_cancellations_panics_and_errors() {
    let once = |seed| {
        let layer = ResponseCacheLayer::new(Rules, 1000);
        paused(run(seed, layer, OLDEST))
    };
    for seed in seeds() {
        balance(seed, once(seed));
    }
    assert_eq!(once(0), once(0), "the same seed gives the same run");
}

#[test]
fn books_balance_where_calls_are_finished_without_callers() {
    for seed in seeds() {
        let layer = ResponseCacheLayer::new(Rules, 1000).finish_abandoned(true);
        balance(seed, paused(run(seed, layer, OLDEST)));
    }
}

#[test]
fn books_balance_before_a_remote_store_that_is_slow_and_fails() {
    for seed in seeds() {
        let remote = Elsewhere::new(Duration::from_millis(7)).failing_every(9);
        // Too small for all keys, so that the remote one is asked often.
        let near = MemoryStore::new(30);
        let layer = ResponseCacheLayer::with_remote(Rules, near, remote);
        let (outcome, snapshot) = paused(run(seed, layer, OLDEST + Duration::from_millis(7)));
        assert!(
            snapshot.remote.hits > 20 && snapshot.remote.errors > 20,
            "{snapshot:?}"
        );
        balance(seed, (outcome, snapshot));
    }
}
