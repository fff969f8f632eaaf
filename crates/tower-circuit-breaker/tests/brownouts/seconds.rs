use std::time::Duration;

use tokio::time::Instant;

/// A time, or a moment since the start.
pub(crate) type Seconds = f64;

pub(crate) fn since(start: Instant) -> Seconds {
    start.elapsed().as_secs_f64()
}

pub(crate) async fn sleep(time: Seconds) {
    tokio::time::sleep(Duration::from_secs_f64(time)).await;
}
