//! What is served when, against the plainest model: a map of what was stored when.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::{collection::vec, prelude::*};
use tokio::time::{Instant, advance, timeout};
use tower::{Layer, Service, service_fn};
use tower_response_cache::{
    CacheStatus, Entry, Freshness, Keep, Lookup, Policy, ResponseCacheLayer,
};

#[derive(Clone, Debug)]
enum Step {
    /// A request, whose call would fail or be kept so.
    Ask {
        key: u8,
        refresh: bool,
        fails: bool,
        keep: [u64; 3],
    },
    Advance(u64),
    Invalidate(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let ask = (
        0..3u8,
        any::<bool>(),
        any::<bool>(),
        prop_oneof![[0..30u64, 0..30, 0..60], [0..30u64, 0..9000, 0..60]],
    );
    prop_oneof![
        8 => ask.prop_map(|(key, refresh, fails, keep)| Step::Ask {
            key,
            refresh,
            fails,
            keep,
        }),
        8 => (1..25u64).prop_map(Step::Advance),
        1 => (500..3000u64).prop_map(Step::Advance),
        1 => (0..3u8).prop_map(Step::Invalidate),
    ]
}

type Request = (u8, bool);

/// The number of the call, and how the cache took part.
type Answer = (u64, CacheStatus);

struct Rules(Arc<Mutex<[u64; 3]>>);

fn keep([ttl, revalidate, if_error]: [u64; 3]) -> Keep {
    Keep::new(Duration::from_millis(ttl))
        .stale_while_revalidate(Duration::from_millis(revalidate))
        .stale_if_error(Duration::from_millis(if_error))
}

impl Policy<Request, Answer, ()> for Rules {
    type Key = u8;
    type Value = u64;
    type Context = ();

    fn lookup(&self, &(key, refresh): &Request) -> Lookup<u8> {
        if refresh {
            Lookup::Refresh(key)
        } else {
            Lookup::Use(key)
        }
    }

    fn context(&self, _: &Request) {}

    fn keep(&self, (): &(), _: &Answer) -> Option<Keep> {
        Some(keep(*self.0.lock().expect("no panic")))
    }

    fn share(&self, res: &Answer) -> Option<u64> {
        Some(res.0)
    }

    fn stale_if_error(&self, (): &(), (): &()) -> bool {
        true
    }

    fn restore(&self, value: u64, status: CacheStatus) -> Option<Result<Answer, ()>> {
        Some(Ok((value, status)))
    }

    fn mark(&self, res: &mut Answer, status: CacheStatus) {
        res.1 = status;
    }
}

async fn run(steps: Vec<Step>) {
    let keeps = Arc::new(Mutex::new([0; 3]));
    let calls = Arc::new(Mutex::new((0, false)));
    let layer = ResponseCacheLayer::new(Rules(Arc::clone(&keeps)), 100);
    let inner = Arc::clone(&calls);
    let mut service = layer.layer(service_fn(move |_: Request| {
        let mut calls = inner.lock().expect("no panic");
        calls.0 += 1;
        let result = (!calls.1)
            .then_some((calls.0, CacheStatus::Bypass))
            .ok_or(());
        async move { result }
    }));
    let start = Instant::now();
    let now = || start.elapsed().as_millis() as u64;
    // What was stored: its number, when, and its three times.
    let mut model: HashMap<u8, (u64, u64, [u64; 3])> = HashMap::new();
    // After failed calls in the background: how long the next one waits, and until when.
    let mut pauses: HashMap<u8, (u64, u64)> = HashMap::new();
    let mut number = 0;
    for step in steps {
        match step {
            Step::Advance(millis) => advance(Duration::from_millis(millis)).await,
            Step::Invalidate(key) => {
                model.remove(&key);
                layer
                    .handle()
                    .invalidate(&key)
                    .await
                    .expect("no remote store");
            }
            Step::Ask {
                key,
                refresh,
                fails,
                keep,
            } => {
                *keeps.lock().expect("no panic") = keep;
                calls.lock().expect("no panic").1 = fails;
                let stored = model.get(&key).copied();
                let (old, age, times) = stored.map_or((0, u64::MAX, [0; 3]), |(old, at, times)| {
                    (old, now() - at, times)
                });
                let [ttl, revalidate, if_error] = times;
                let fresh = age < ttl;
                let stale = !fresh && age < ttl + revalidate;
                let last_resort = age < ttl + revalidate.max(if_error);
                let revalidates = stale && !refresh;
                let (pause, until) = pauses.get(&key).copied().unwrap_or((500, 0));
                let pauses_now = revalidates && now() < until;
                let calls_inner = (refresh || !fresh) && !pauses_now;
                if revalidates && calls_inner {
                    let pause = (pause * 2).min(60_000);
                    pauses.insert(key, (pause, now() + pause));
                    if !fails {
                        pauses.remove(&key);
                    }
                }
                if calls_inner {
                    number += 1;
                }
                if calls_inner && !fails && keep[0] > 0 {
                    model.insert(key, (number, now(), keep));
                }
                let expected = match () {
                    () if refresh && fails => Err(()),
                    () if refresh => Ok((number, CacheStatus::Refreshed)),
                    () if fresh => Ok((old, CacheStatus::Hit)),
                    () if stale => Ok((old, CacheStatus::Stale)),
                    () if !fails && last_resort => Ok((number, CacheStatus::Expired)),
                    () if !fails => Ok((number, CacheStatus::Miss)),
                    () if last_resort => Ok((old, CacheStatus::StaleIfError)),
                    () => Err(()),
                };
                let year = Duration::from_secs(365 * 24 * 3600);
                let answer = timeout(year, service.call((key, refresh))).await;
                assert_eq!(answer.expect("hangs"), expected);
                // For the call in the background to end.
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
                assert_eq!(calls.lock().expect("no panic").0, number);
            }
        }
    }
}

proptest! {
    #[test]
    fn answers_are_as_fresh_as_the_plainest_cache_says(steps in vec(step(), 0..80)) {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a clock needs nothing")
            .block_on(run(steps));
    }

    #[test]
    fn freshness_only_declines(times in [0..50u64, 0..50, 0..50], ages in vec(0..200u64, 2)) {
        let now = Instant::now();
        let entry = Entry::new((), keep(times), now);
        let rank = |age| match entry.freshness(now + Duration::from_millis(age)) {
            Freshness::Fresh => 0,
            Freshness::Revalidate => 1,
            Freshness::IfError => 2,
            Freshness::Expired => 3,
            other => unreachable!("{other:?} has no rank"),
        };
        prop_assert!(rank(ages[0].min(ages[1])) <= rank(ages[0].max(ages[1])));
    }
}
