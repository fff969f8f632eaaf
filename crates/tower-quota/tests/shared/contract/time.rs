//! The log's time.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower_quota::shared::{Append, Position};

use super::{SECOND, begin, facts, log, near, tail};
use crate::memory_log::Connection;

const HOUR: f64 = 3600.0;

/// Appends something every second as one does that says what time it has, and returns the times.
async fn times(
    one: &Connection,
    seen: Position,
    last: &mut Option<(u64, Instant)>,
    times: usize,
) -> Vec<u64> {
    let mut all = Vec::new();
    for _ in 0..times {
        sleep(SECOND).await;
        let what = Append {
            heard: last.map(|(at, heard)| (at, heard.elapsed())),
            ..facts(seen, b"a")
        };
        let at = tail(one, what).await.at;
        *last = Some((at, Instant::now()));
        all.push(at);
    }
    all
}

fn goes_on(times: &[u64]) {
    for pair in times.windows(2) {
        let passed = (pair[1] - pair[0]) as f64 / 1e6;
        assert!((0.9..1.2).contains(&passed), "{passed} s in {times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_goes_on_by_what_has_passed_though_the_clock_is_set() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    let mut last = None;
    let mut all = times(&one, seen, &mut last, 3).await;
    for step in [-HOUR, HOUR, 4.0, -4.0] {
        log.step(step);
        all.extend(times(&one, seen, &mut last, 4).await);
    }
    goes_on(&all);
}

#[tokio::test(start_paused = true)]
async fn the_time_never_goes_back() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    let before = tail(&one, facts(seen, b"a")).await.at;
    log.step(-HOUR);
    assert_eq!(tail(&one, facts(seen, b"a")).await.at, before);
}

#[tokio::test(start_paused = true)]
async fn one_append_that_was_under_way_for_long_does_not_set_the_time() {
    let log = log();
    let (one, other) = (near(&log), near(&log));
    let seen = begin(&one).await;
    let mut last = None;
    let mut all = times(&one, seen, &mut last, 3).await;
    let (at, _) = last.expect("it has a time");
    // As if it had been sent nine seconds ago.
    let late = Append {
        heard: Some((at - 9_000_000, Duration::ZERO)),
        ..facts(seen, b"late")
    };
    tail(&other, late).await;
    all.extend(times(&one, seen, &mut last, 3).await);
    goes_on(&all);
}
