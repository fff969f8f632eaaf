//! A batch against a server's quota, told the limit or told nothing.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt, service_fn};
use tower_quota::{Ask, Cost, Limit, Limits, QuotaLayer, Rejected, Settle};

const MINUTE: f64 = 60.0;

#[derive(Clone, Copy, Debug)]
enum Meter {
    /// Holds ten seconds' worth.
    Bucket,
    Fixed,
    Sliding,
}

/// The plainest server: so many calls a minute, of which a neighbour takes some.
struct Server {
    meter: Meter,
    limit: f64,
    start: Instant,
    charges: VecDeque<f64>,
    window: f64,
    level: f64,
    at: f64,
    throttled: u64,
    /// From when to when half of the quota is taken.
    neighbour: Option<(f64, f64)>,
}

impl Server {
    fn rate(&self, now: f64) -> f64 {
        let taken = self
            .neighbour
            .is_some_and(|(from, to)| from <= now && now < to);
        self.limit * if taken { 0.5 } else { 1.0 }
    }

    fn admits(&mut self) -> bool {
        let now = self.start.elapsed().as_secs_f64();
        let limit = self.rate(now);
        let fits = match self.meter {
            Meter::Bucket => {
                let refilled = self.level + limit / MINUTE * (now - self.at);
                (self.level, self.at) = (refilled.min((self.limit / 6.0).max(1.0)), now);
                self.level >= 1.0 - 1e-6
            }
            Meter::Fixed => {
                if (now / MINUTE).floor() > self.window {
                    self.window = (now / MINUTE).floor();
                    self.charges.clear();
                }
                (self.charges.len() as f64) < limit
            }
            Meter::Sliding => {
                while self.charges.front().is_some_and(|at| now - at >= MINUTE) {
                    self.charges.pop_front();
                }
                (self.charges.len() as f64) < limit
            }
        };
        if fits {
            self.level -= 1.0;
            self.charges.push_back(now);
        } else {
            self.throttled += 1;
        }
        fits
    }
}

#[derive(Debug)]
struct Throttled(Duration);

#[derive(Clone)]
struct Calls;

impl Cost<(), (), Throttled> for Calls {
    type Key = u8;
    type Context = ();

    fn ask(&self, (): &()) -> (Ask<u8>, ()) {
        (Ask::new(0), ())
    }

    fn settle(&self, (): &(), result: &Result<(), Throttled>) -> Settle {
        match result {
            Ok(()) => Settle::Reserved,
            Err(_) => Settle::throttled(),
        }
    }

    fn throttled(&self, err: &mut Throttled, wait: Duration) {
        err.0 = wait;
    }
}

impl From<Rejected> for Throttled {
    fn from(rejected: Rejected) -> Self {
        panic!("nothing is to be rejected: {rejected}")
    }
}

struct Outcome {
    seconds: f64,
    throttled: u64,
    slowest: f64,
}

async fn batch(
    limits: Limits,
    (meter, limit, neighbour): (Meter, f64, Option<(f64, f64)>),
    workers: usize,
    calls: usize,
) -> Outcome {
    let start = Instant::now();
    let server = Arc::new(Mutex::new(Server {
        meter,
        limit,
        start,
        charges: VecDeque::new(),
        window: 0.0,
        level: (limit / 6.0).max(1.0),
        at: 0.0,
        throttled: 0,
        neighbour,
    }));
    let seen = Arc::clone(&server);
    let rng = Arc::new(Mutex::new(fastrand::Rng::with_seed(3)));
    let inner = service_fn(move |()| {
        let server = Arc::clone(&server);
        // There and back again, at a different speed each time.
        let way = Duration::from_micros(
            rng.lock()
                .expect("nobody panics with it")
                .u64(10_000..60_000),
        );
        async move {
            sleep(way).await;
            let fits = server.lock().expect("nobody panics with it").admits();
            sleep(way).await;
            if fits {
                sleep(Duration::from_secs(1)).await;
                Ok(())
            } else {
                Err(Throttled(Duration::ZERO))
            }
        }
    });
    let layer = QuotaLayer::new(limits, Calls);
    let service = layer.layer(inner);
    let todo = Arc::new(Mutex::new(calls));
    let worker = || {
        let (todo, service) = (Arc::clone(&todo), service.clone());
        tokio::spawn(async move {
            let mut slowest = 0.0_f64;
            loop {
                {
                    let mut todo = todo.lock().expect("nobody panics with it");
                    if *todo == 0 {
                        return slowest;
                    }
                    *todo -= 1;
                }
                let start = Instant::now();
                while let Err(error) = service.clone().oneshot(()).await {
                    sleep(error.0).await;
                }
                slowest = slowest.max(start.elapsed().as_secs_f64());
            }
        })
    };
    let workers: Vec<_> = (0..workers).map(|_| worker()).collect();
    let mut slowest = 0.0_f64;
    for worker in workers {
        slowest = slowest.max(worker.await.expect("no panic"));
    }
    let seconds = start.elapsed().as_secs_f64();
    let throttled = seen.lock().expect("nobody panics with it").throttled;
    Outcome {
        seconds,
        throttled,
        slowest,
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_known_quota_is_used_without_a_throttle_under_any_meter() {
    for meter in [Meter::Bucket, Meter::Fixed, Meter::Sliding] {
        for (limit, workers) in [(60.0, 50), (4.0, 50), (600.0, 300)] {
            let calls = limit as usize * 10;
            let limits = Limit::calls_per_minute(limit as u64).into();
            let outcome = batch(limits, (meter, limit, None), workers, calls).await;
            let ideal = (calls as f64 - limit / 6.0) / (limit / MINUTE);
            let used = outcome.seconds / ideal;
            assert_eq!(outcome.throttled, 0, "{meter:?} {limit}");
            assert!(used < 1.04, "{meter:?} {limit}: {used}");
            let fair = workers as f64 / (limit / MINUTE);
            assert!(outcome.slowest < 1.25 * fair, "{}", outcome.slowest);
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_neighbour_is_given_way_to_and_the_rest_is_used() {
    for meter in [Meter::Bucket, Meter::Sliding] {
        let neighbour = Some((120.0, 360.0));
        let limits = Limit::calls_per_minute(600).into();
        let outcome = batch(limits, (meter, 600.0, neighbour), 50, 6000).await;
        let ideal = (6000.0 - 100.0) / 10.0 + 120.0;
        let used = outcome.seconds / ideal;
        assert!(used < 1.15, "{meter:?}: {used}");
        assert!(outcome.throttled < 100, "{meter:?}: {}", outcome.throttled);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_unknown_quota_is_found() {
    for meter in [Meter::Bucket, Meter::Sliding, Meter::Fixed] {
        for (limit, calls) in [(60.0, 600), (600.0, 6000), (10.0, 100)] {
            let outcome = batch(Limits::unknown(), (meter, limit, None), 50, calls).await;
            let ideal = (calls as f64 - limit / 6.0) / (limit / MINUTE);
            let used = outcome.seconds / ideal;
            assert!(used < 1.15, "{meter:?} {limit}: {used}");
            // To find it takes some throttles, to keep to it few.
            let most = 20.0 + 0.04 * calls as f64;
            assert!(
                (outcome.throttled as f64) < most,
                "{meter:?} {limit}: {}",
                outcome.throttled
            );
        }
    }
}
