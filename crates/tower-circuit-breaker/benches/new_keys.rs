//! What new keys cost. By hand: `cargo bench -p tower-circuit-breaker --bench new_keys`
//!
//! So many circuits are there, each of which opened and was left: still open, so that each is
//! needed, or with the open time over. Then as many new keys come: a call on average, the quantiles
//! and the longest one, beside a call of a key that is there; and what a circuit takes of the heap.

use std::future::{Ready, ready};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;
use tower::{BoxError, Layer, Service};
use tower_circuit_breaker::{CircuitBreakerLayer, Verdict};

/// Fails for even keys.
#[derive(Clone)]
struct Even;

impl Service<u64> for Even {
    type Response = u64;
    type Error = BoxError;
    type Future = Ready<Result<u64, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u64) -> Self::Future {
        ready(if request % 2 == 0 {
            Err("even".into())
        } else {
            Ok(request)
        })
    }
}

fn timed(service: &mut impl Service<u64>, key: u64) -> Duration {
    let start = Instant::now();
    let answer = service.call(key).now_or_never();
    let took = start.elapsed();
    assert!(answer.is_some(), "it does not wait");
    took
}

/// Mean, p50, p99, p99.9 and the longest.
fn quantiles(mut times: Vec<Duration>) -> String {
    let mean = times.iter().sum::<Duration>() / times.len() as u32;
    times.sort_unstable();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    let [p50, p99, p999, longest] = [0.5, 0.99, 0.999, 1.0].map(at);
    format!("{mean:?} {p50:?} {p99:?} {p999:?} {longest:?}")
}

fn main() {
    println!("times are mean p50 p99 p99.9 longest");
    let hour = Duration::from_secs(60 * 60);
    for (keys, open, most) in [
        (1_024, hour, usize::MAX),
        (1_024, Duration::from_nanos(1), usize::MAX),
        (100_000, hour, usize::MAX),
        (100_000, Duration::from_nanos(1), usize::MAX),
        (1_000_000, hour, usize::MAX),
        (1_000_000, hour, 1 << 16),
    ] {
        let layer = CircuitBreakerLayer::new(|result: &Result<u64, BoxError>| match result {
            Ok(_) => Verdict::Success,
            Err(_) => Verdict::Failure,
        })
        .consecutive_failures(1)
        .open_for(open, hour)
        .max_keys(most)
        .key_by(|key: &u64| *key);
        let mut service = layer.layer(Even);
        let mut opening = Vec::with_capacity(keys);
        let heap = allocation_counter::measure(|| {
            for key in 0..keys as u64 {
                opening.push(timed(&mut service, 2 * key));
            }
        });
        let kept = layer.circuits().keys().len();
        println!(
            "{keys} keys open for {open:?}, at most {most}: {kept} are kept, {} bytes each",
            heap.bytes_current / kept as i64,
        );
        println!("  first call, which opens: {}", quantiles(opening));
        let hits = (0..keys).map(|_| timed(&mut service, 1)).collect();
        println!("  a key that is there:     {}", quantiles(hits));
        let new = (0..keys as u64)
            .map(|key| timed(&mut service, 2 * key + 3))
            .collect();
        println!("  a new key:               {}", quantiles(new));
    }
}
