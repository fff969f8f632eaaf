//! What a stream of new keys costs. By hand: `cargo bench -p tower-quota --bench new_keys`
//!
//! Up to a thousand keys and up to a million, each called once, none of them idle yet: a call on
//! average and the longest one; what a key takes of the heap; and beside that the calls of another
//! thread, which has one key of its own.
//!
//! A stall of ours keeps its thread busy. One in which the thread does not run is the system's: so
//! the longest time that calls take is told beside the longest that the processor works for them.
//! At real-time priority the kernel takes a twentieth of each second away (`sched_rt_runtime_us`).

use std::future::{Ready, ready};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};
use tower_quota::{Ask, Limit, QuotaLayer};

#[derive(Clone)]
struct Echo;

impl Service<u64> for Echo {
    type Response = u64;
    type Error = BoxError;
    type Future = Ready<Result<u64, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u64) -> Self::Future {
        ready(Ok(request))
    }
}

fn timed(service: &mut impl Service<u64>, key: u64) -> Duration {
    let start = Instant::now();
    let answer = service.call(key).now_or_never();
    assert!(answer.is_some_and(|answer| answer.is_ok()), "there is room");
    start.elapsed()
}

/// p50, p99, p99.9 and the longest.
fn quantiles(mut times: Vec<Duration>) -> String {
    if times.is_empty() {
        return "none".to_owned();
    }
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    format!("{:?} {:?} {:?} {:?}", at(0.5), at(0.99), at(0.999), at(1.0))
}

/// So many calls are timed together.
const TOGETHER: usize = 256;

/// How long the processor has worked for this thread, as Linux tells it.
fn worked() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

fn main() {
    let limit = || Limit::calls_per_minute(1 << 40).burst(1 << 40);
    let ask = |key: &u64| Ask::new(*key);
    println!("times are p50 p99 p99.9 longest");
    {
        let mut service = QuotaLayer::new(limit(), ask).layer(Echo);
        let alone = (0..1_000_000).map(|_| timed(&mut service, 0)).collect();
        println!("one key alone: {}", quantiles(alone));
    }
    // With room for all of them, and with the default bounds.
    for (keys, most) in [
        (1_000, 1 << 20),
        (10_000, 1 << 20),
        (100_000, 1 << 20),
        (1_000_000, 1 << 20),
        (1_000_000, 1 << 16),
    ] {
        let layer = QuotaLayer::new(limit(), ask).max_keys(most);
        let mut flooding = layer.layer(Echo);
        let mut hot = flooding.clone();
        timed(&mut hot, u64::MAX);
        let flooded = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let other = scope.spawn(|| {
                let mut times = Vec::with_capacity(1 << 22);
                while !flooded.load(Ordering::Relaxed) && times.len() < times.capacity() {
                    times.push(timed(&mut hot, u64::MAX));
                }
                times
            });
            let mut times = Vec::with_capacity(keys as usize);
            let (mut longest, mut most_work) = (Duration::ZERO, Duration::ZERO);
            let heap = allocation_counter::measure(|| {
                for first in (0..keys).step_by(TOGETHER) {
                    let (start, before) = (Instant::now(), worked());
                    let next = keys.min(first + TOGETHER as u64);
                    times.extend((first..next).map(|key| timed(&mut flooding, key)));
                    longest = longest.max(start.elapsed());
                    most_work = most_work.max(worked() - before);
                }
            });
            flooded.store(true, Ordering::Relaxed);
            let mean = times.iter().sum::<Duration>() / times.len() as u32;
            let bytes = heap.bytes_current / layer.handle().keys().len() as i64;
            println!("{keys} keys, at most {most}: mean {mean:?}, {bytes} bytes a key");
            println!("  a new key: {}", quantiles(times));
            println!("  {TOGETHER} of them: at most {longest:?}, at most {most_work:?} of work");
            println!(
                "  beside it: {}",
                quantiles(other.join().expect("no panic"))
            );
        });
    }
}
