use std::time::Duration;

use tokio::time::{Instant, sleep};

pub const SECOND: Duration = Duration::from_secs(1);

/// Waits until it is so.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < 10 * SECOND, "not in time: {what}");
        sleep(Duration::from_millis(1)).await;
    }
}
