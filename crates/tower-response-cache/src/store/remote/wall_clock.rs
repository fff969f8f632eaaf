use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Where the two clocks were at one moment.
static ANCHOR: OnceLock<(Instant, u64)> = OnceLock::new();

/// The time of `now` as processes tell each other: microseconds since 1970.
///
/// It follows the clock of the tests, and goes on evenly where the clock of the system is set.
pub(crate) fn micros(now: Instant) -> u64 {
    let (anchor, micros) = ANCHOR.get_or_init(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let micros = since.map_or(0, |since| since.as_micros());
        (Instant::now(), u64::try_from(micros).unwrap_or(u64::MAX))
    });
    let gone = u64::try_from(now.saturating_duration_since(*anchor).as_micros());
    micros.saturating_add(gone.unwrap_or(u64::MAX))
}

/// The last stamp.
static LAST: AtomicU64 = AtomicU64::new(0);

/// The time of now, later than every stamp before it.
pub(crate) fn stamp() -> u64 {
    let now = micros(Instant::now());
    let next = |last: u64| now.max(last.saturating_add(1));
    // It orders nothing else.
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
        Some(next(last))
    });
    last.map_or_else(next, next)
}
