//! Keys that come once each.

use std::time::Duration;

use http::Request;
use tokio::time::Instant;

use crate::numbers::{Quantiles, worked};
use crate::server::request;

#[derive(Debug)]
pub(crate) struct Flood {
    /// How long calls took.
    pub(crate) took: Quantiles,
    /// How long the processor worked for the longest one, and for all on average. A stall of ours keeps its
    /// thread busy; while the thread does not run, the system has taken it away.
    pub(crate) most_work: Duration,
    pub(crate) mean_work: Duration,
    /// What is left on the heap for each key.
    pub(crate) bytes: i64,
}

pub(crate) fn run(call: &mut impl FnMut(Request<axum::body::Body>), keys: u64) -> Flood {
    let mut times = Vec::with_capacity(usize::try_from(keys).expect("few"));
    let (mut most_work, mut work) = (Duration::ZERO, Duration::ZERO);
    let look = looks();
    let heap = allocation_counter::measure(|| {
        for key in 0..keys {
            let req = request(key);
            let (start, before) = (Instant::now(), worked());
            call(req);
            let worked = worked().saturating_sub(before);
            times.push(start.elapsed());
            most_work = most_work.max(worked);
            work += worked.saturating_sub(look);
        }
    });
    Flood {
        took: Quantiles::of(times),
        most_work,
        mean_work: work / u32::try_from(keys).expect("few"),
        bytes: heap.bytes_current / i64::try_from(keys).expect("few"),
    }
}

/// What a look at the processor's clock costs.
fn looks() -> Duration {
    let looks = (0..10_000).map(|_| {
        let before = worked();
        worked().saturating_sub(before)
    });
    let mut looks: Vec<_> = looks.collect();
    looks.sort_unstable();
    looks[looks.len() / 2]
}
