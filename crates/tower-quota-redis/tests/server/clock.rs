//! A clock that is set. What a process says that it has heard shows it, so that is what steps here.

use std::time::Duration;

use tower_quota::shared::{Append, Base, Tail};
use tower_quota_redis::RedisLog;

use crate::support::{SECOND, Server, append, base, begin, facts, load, log};

const SECOND_US: u64 = 1_000_000;

/// A fact by a process that heard `at` so long ago.
async fn at(log: &RedisLog, tail: &Tail, at: u64, ago: Duration) -> Tail {
    let append_ = Append {
        heard: Some((at, ago)),
        ..facts(tail.position, b"fact")
    };
    append(log, append_).await
}

/// Whether it is that time, give or take what this machine takes.
fn is_about(time: u64, expected: u64) -> bool {
    time.abs_diff(expected) < SECOND_US
}

/// What is added to the server's clock, in seconds. Where time stands still until the clock is there, nothing else
/// shows it.
fn skew(server: &Server) -> i64 {
    let clock = "return (struct.unpack('<d', redis.call('HGET', KEYS[1], 'clock')))";
    let micros: i64 = server.ask(&["EVAL", clock, "1", "{tower-quota:quota}:head"]);
    micros / SECOND_US as i64
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn clock_that_was_set_back_goes_on_where_it_was() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    // It is an hour later than the clock says.
    let hour = 3_600 * SECOND_US;
    let first = at(&log, &began, began.at, 3_600 * SECOND).await;
    assert!(is_about(first.at, began.at + hour), "{first:?}");
    // And stays so for all.
    let second = append(&log, facts(first.position, b"fact")).await;
    assert!(second.at >= first.at && is_about(second.at, first.at));
    let loaded = load(&log, base(8)).await;
    assert!(is_about(loaded.tail.at, first.at));
    // Who agrees changes nothing.
    let third = at(&log, &second, second.at, Duration::ZERO).await;
    assert!(third.at > second.at && is_about(third.at, second.at));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn clock_that_is_a_little_behind_is_left() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let first = at(&log, &began, began.at, SECOND).await;
    assert!(first.at >= began.at && is_about(first.at, began.at));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn clock_that_two_in_a_row_say_was_set_forward_goes_on_where_it_was() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    // 100 seconds have gone by the clock, and none by the processes.
    let earlier = began.at - 100 * SECOND_US;
    let restart = Base {
        at: earlier,
        ..base(8)
    };
    let _: () = server.ask(&["FLUSHALL"]);
    let began = load(&log, restart).await.tail;
    assert!(began.at > earlier + 99 * SECOND_US);
    let first = at(&log, &began, earlier, Duration::ZERO).await;
    assert!(is_about(first.at, earlier), "{first:?}");
    let second = at(&log, &first, earlier, Duration::ZERO).await;
    assert!(
        second.at >= first.at && is_about(second.at, earlier),
        "{second:?}"
    );
    let third = append(&log, facts(second.position, b"fact")).await;
    assert!(is_about(third.at, earlier), "for all: {third:?}");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn append_that_was_held_up_sets_no_clock() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let real = began.at;
    // Held up for 10 seconds on its way.
    let late = at(&log, &began, real - 10 * SECOND_US, Duration::ZERO).await;
    // No entry is before the one before it, but there is none yet.
    assert!(is_about(late.at, real - 10 * SECOND_US), "{late:?}");
    let agrees = at(&log, &late, real, Duration::ZERO).await;
    assert!(is_about(agrees.at, real), "{agrees:?}");
    // The next one says the same as the first, but one in between did not.
    let again = at(&log, &agrees, real - 10 * SECOND_US, Duration::ZERO).await;
    assert!(again.at >= agrees.at && is_about(again.at, real));
    assert_eq!(skew(&server), 0);
    // Two that were held up, not equally long.
    let other = at(&log, &again, real - 15 * SECOND_US, Duration::ZERO).await;
    let after = append(&log, facts(other.position, b"fact")).await;
    assert!(
        after.at >= other.at && is_about(after.at, real),
        "{after:?}"
    );
    assert_eq!(skew(&server), 0);
    // And by the one after it.
    let agrees = at(&log, &after, after.at, Duration::ZERO).await;
    assert!(is_about(agrees.at, real), "{agrees:?}");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn step_taken_wrongly_is_taken_back_by_the_next_that_knows() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let real = began.at;
    let mut tail = began;
    // Two that were held up by the same: the log is behind now.
    for _ in 0..2 {
        tail = at(&log, &tail, real - 10 * SECOND_US, Duration::ZERO).await;
    }
    let behind = append(&log, facts(tail.position, b"fact")).await;
    assert!(is_about(behind.at, real - 10 * SECOND_US), "{behind:?}");
    assert!((-10..=-9).contains(&skew(&server)));
    let knows = at(&log, &behind, real, Duration::ZERO).await;
    assert!(is_about(knows.at, real), "{knows:?}");
    assert!((-1..=0).contains(&skew(&server)));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn time_never_goes_back() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let mut tail = began.clone();
    let mut last = 0;
    for step in 0..200u64 {
        let off = fastrand::u64(0..20 * SECOND_US);
        let heard = if step % 2 == 0 {
            tail.at + off
        } else {
            tail.at - off
        };
        tail = at(&log, &tail, heard, Duration::ZERO).await;
        assert!(tail.at >= last, "step {step}");
        last = tail.at;
    }
    let entries = load(&log, base(8)).await.tail.entries;
    assert!(entries.is_sorted_by_key(|entry| entry.at));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn new_log_on_a_server_whose_clock_is_behind_does_not_stand_still() {
    let server = Server::start();
    let log = log(&server);
    let ahead = begin(&log, 7).await.at + 50 * SECOND_US;
    let _: () = server.ask(&["FLUSHALL"]);
    let base = Base {
        at: ahead,
        ..base(8)
    };
    let began = load(&log, base).await.tail;
    assert!(began.at >= ahead && is_about(began.at, ahead));
    let first = append(&log, facts(began.position, b"one")).await;
    let second = append(&log, facts(first.position, b"two")).await;
    assert!(second.at > first.at && first.at >= began.at);
}
