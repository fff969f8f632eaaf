//! Workers that get a batch of calls through the layer, as fast as the server lets them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::{Instant, sleep, sleep_until};
use tower::{Layer, ServiceExt, service_fn};
use tower_quota::{Ask, Cost, Limit, Limits, QuotaLayer, Rejected, Settle, Unit};

use crate::server::{BURST, Meter, Server, Short};

/// What the calls cost, drawn evenly from the spans.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) input: (f64, f64),
    pub(crate) output: (f64, f64),
    pub(crate) max_tokens: f64,
    /// What an output token counts in the end.
    pub(crate) burndown: f64,
    /// How long an answer takes, in seconds.
    pub(crate) latency: (f64, f64),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) meter: Meter,
    pub(crate) calls: Option<u64>,
    pub(crate) tokens: Option<u64>,
    pub(crate) told: bool,
    pub(crate) shape: Shape,
    pub(crate) workers: usize,
    /// How many minutes' quota there is to do.
    pub(crate) minutes: f64,
    /// Where in the server's minute it begins, in seconds.
    pub(crate) phase: f64,
    /// Another client uses half of the quota from the second minute to the sixth.
    pub(crate) neighbour: bool,
    pub(crate) seed: u64,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    /// Of the time that a fluid would take.
    pub(crate) time: f64,
    /// Throttles for each call.
    pub(crate) throttled: f64,
    /// The slowest percentile, the longest answer left out, of the workers' fair share.
    pub(crate) slow: f64,
    /// The most that a call needed.
    pub(crate) attempts: u32,
}

#[derive(Clone, Copy, Debug)]
struct Call {
    reserved: f64,
    actual: f64,
    latency: f64,
}

impl Outcome {
    pub(crate) fn worse(self, other: Self) -> Self {
        Self {
            time: self.time.max(other.time),
            throttled: self.throttled.max(other.throttled),
            slow: self.slow.max(other.slow),
            attempts: self.attempts.max(other.attempts),
        }
    }
}

impl Shape {
    fn draw(&self, rng: &mut Rng) -> Call {
        let mut span = |(low, high): (f64, f64)| (low + (high - low) * rng.f64()).round();
        let (input, output) = (span(self.input), span(self.output).min(self.max_tokens));
        Call {
            reserved: input + self.max_tokens,
            actual: input + output * self.burndown,
            latency: self.latency.0 + (self.latency.1 - self.latency.0) * rng.f64(),
        }
    }

    fn mean(&self) -> f64 {
        let half = |(low, high): (f64, f64)| (low + high) / 2.0;
        half(self.input) + half(self.output) * self.burndown
    }
}

/// The server with the way there and back.
struct Wire {
    server: Mutex<Server>,
    rng: Mutex<Rng>,
    start: Instant,
    phase: f64,
    throttled: Mutex<u64>,
}

impl Wire {
    async fn way(&self) {
        let micros = lock(&self.rng).u64(10_000..60_000);
        sleep(Duration::from_micros(micros)).await;
    }

    fn now(&self) -> f64 {
        self.phase + self.start.elapsed().as_secs_f64()
    }

    async fn send(&self, call: Call) -> Result<Call, Short> {
        self.way().await;
        let admitted = lock(&self.server).admit(self.now(), call.reserved);
        if let Ok(admitted) = &admitted {
            sleep(Duration::from_secs_f64(call.latency)).await;
            lock(&self.server).settle(self.now(), admitted, call.actual);
        }
        self.way().await;
        admitted.map(|_| call)
    }

    /// Sends calls evenly, each of them once.
    async fn neighbour(self: Arc<Self>, shape: Shape, rate: f64, seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let (from, to) = (120.0, 360.0);
        for number in 0..(rate * (to - from)) as u64 {
            let at = from + number as f64 / rate;
            sleep_until(self.start + Duration::from_secs_f64(at)).await;
            let (wire, call) = (Arc::clone(&self), shape.draw(&mut rng));
            tokio::spawn(async move { wire.send(call).await });
        }
    }
}

#[derive(Clone)]
struct Tokens;

#[derive(Debug)]
struct Throttled(Short, Duration);

impl Cost<Call, Call, Throttled> for Tokens {
    type Key = u8;
    type Context = ();

    fn ask(&self, call: &Call) -> (Ask<u8>, ()) {
        (Ask::new(0).tokens(call.reserved as u64), ())
    }

    fn settle(&self, (): &(), result: &mut Result<Call, Throttled>) -> Settle {
        match result {
            Ok(call) => Settle::Used(call.actual as u64),
            Err(Throttled(Short::Calls, _)) => Settle::short_of(Unit::Calls),
            Err(Throttled(Short::Tokens, _)) => Settle::short_of(Unit::Tokens),
        }
    }

    fn throttled(&self, err: &mut Throttled, wait: Duration) {
        err.1 = wait;
    }
}

impl From<Rejected> for Throttled {
    fn from(rejected: Rejected) -> Self {
        panic!("nothing is to be rejected: {rejected}")
    }
}

impl Case {
    fn limits(&self) -> Limits {
        if !self.told {
            return Limits::unknown();
        }
        let calls = self.calls.map(Limit::calls_per_minute);
        let tokens = self.tokens.map(Limit::tokens_per_minute);
        calls.into_iter().chain(tokens).collect()
    }

    /// Calls in a second, on average.
    fn rate(&self) -> f64 {
        let calls = self.calls.map_or(f64::MAX, |limit| limit as f64);
        let tokens = self.tokens.map_or(f64::MAX, |limit| limit as f64);
        calls.min(tokens / self.shape.mean()) / 60.0
    }

    /// Whether there are workers enough for the quota.
    pub(crate) fn is_bound_by_quota(&self) -> bool {
        self.workers as f64 > 2.0 * self.rate() * self.shape.latency.1
    }

    fn batch(&self) -> Vec<Call> {
        let mut rng = Rng::with_seed(self.seed);
        let calls = (self.rate() * 60.0 * self.minutes).round() as usize;
        (0..calls).map(|_| self.shape.draw(&mut rng)).collect()
    }

    /// How long a fluid takes.
    fn ideal(&self, batch: &[Call]) -> f64 {
        let seconds = |cost: f64, limit: Option<u64>| {
            limit.map_or(0.0, |limit| cost / (limit as f64 / 60.0) - BURST)
        };
        let tokens = batch.iter().map(|call| call.actual).sum();
        let alone = seconds(batch.len() as f64, self.calls).max(seconds(tokens, self.tokens));
        if self.neighbour { alone + 120.0 } else { alone }
    }

    pub(crate) fn run(&self) -> Outcome {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime")
            .block_on(self.go())
    }

    async fn go(&self) -> Outcome {
        let limit = |limit: Option<u64>| limit.map(|limit| limit as f64);
        let server = Server::new(self.meter, limit(self.calls), limit(self.tokens));
        let start = Instant::now();
        let wire = Arc::new(Wire {
            server: Mutex::new(server),
            rng: Mutex::new(Rng::with_seed(self.seed)),
            start,
            phase: self.phase,
            throttled: Mutex::default(),
        });
        if self.neighbour {
            let rate = self.rate() / 2.0;
            tokio::spawn(Arc::clone(&wire).neighbour(self.shape, rate, self.seed));
        }
        let seen = Arc::clone(&wire);
        let inner = service_fn(move |call| {
            let wire = Arc::clone(&wire);
            async move {
                let result = wire.send(call).await;
                result.map_err(|short| {
                    *lock(&wire.throttled) += 1;
                    Throttled(short, Duration::ZERO)
                })
            }
        });
        let service = QuotaLayer::new(self.limits(), Tokens).layer(inner);
        let batch = self.batch();
        let ideal = self.ideal(&batch);
        let calls = batch.len();
        let todo = Arc::new(Mutex::new(batch.into_iter()));
        let workers: Vec<_> = (0..self.workers as u64)
            .map(|worker| {
                let (todo, service) = (Arc::clone(&todo), service.clone());
                let mut rng = Rng::with_seed(self.seed ^ (worker << 32));
                tokio::spawn(async move {
                    let mut done = Vec::new();
                    loop {
                        let Some(call) = lock(&todo).next() else {
                            return done;
                        };
                        let start = Instant::now();
                        let mut attempts = 1;
                        while let Err(Throttled(_, hint)) = service.clone().oneshot(call).await {
                            // Equal jitter from a second to a minute, and no less than the hint.
                            let backoff = f64::from(1 << (attempts - 1).min(6)).min(60.0);
                            let backoff = backoff * (0.5 + 0.5 * rng.f64());
                            sleep(hint.max(Duration::from_secs_f64(backoff))).await;
                            attempts += 1;
                        }
                        done.push((start.elapsed().as_secs_f64(), attempts));
                    }
                })
            })
            .collect();
        let mut done = Vec::new();
        for worker in workers {
            done.append(&mut worker.await.expect("no panic"));
        }
        let seconds = start.elapsed().as_secs_f64();
        done.sort_by(|one, other| one.0.total_cmp(&other.0));
        let slow = done[(calls * 99).div_ceil(100) - 1].0;
        let throttled = *lock(&seen.throttled);
        Outcome {
            time: seconds / ideal,
            throttled: throttled as f64 / calls as f64,
            slow: (slow - self.shape.latency.1) / (self.workers as f64 / self.rate()),
            attempts: done.iter().map(|done| done.1).max().unwrap_or(0),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
