//! What befalls the log, and who asks it.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tower_quota::shared::{Appended, Heard, Position, SharedLog, Totals};

use super::{Ear, SECOND, append, base, begin, claim, facts, load, log, near, tail, texts};
use crate::memory_log::Reach;

#[tokio::test(start_paused = true)]
async fn a_server_that_is_gone_fails_at_once_and_is_there_again_later() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    let ear = Ear::default();
    let _listening = ear.listen(&one);
    sleep(SECOND).await;
    ear.heard();
    log.set(|weather| weather.reach = Reach::Gone);
    let before = Instant::now();
    one.append("key", facts(seen, b"a"))
        .await
        .expect_err("it is gone");
    assert_eq!(before.elapsed(), Duration::ZERO);
    log.set(|weather| weather.reach = Reach::Up);
    assert_eq!(tail(&one, facts(seen, b"b")).await.position.number, 1);
    sleep(SECOND).await;
    assert_eq!(ear.numbers(), [0], "it was not connected yet");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_never_answers_and_does_nothing() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    log.set(|weather| weather.reach = Reach::Hangs);
    let hangs = timeout(SECOND, one.append("key", facts(seen, b"a"))).await;
    hangs.expect_err("it hangs");
    log.set(|weather| weather.reach = Reach::Up);
    assert_eq!(texts(&tail(&one, facts(seen, b"b")).await), [b"b"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_done_stays_done_though_its_answer_is_lost() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    log.set(|weather| weather.lost_answers = 1.0);
    let lost = timeout(SECOND, one.append("key", facts(seen, b"a"))).await;
    lost.expect_err("its answer is lost");
    log.set(|weather| weather.lost_answers = 0.0);
    assert_eq!(texts(&tail(&one, facts(seen, b"")).await), [b"a"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cut_off_is_not_heard_and_hears_nothing() {
    let log = log();
    let (one, other) = (near(&log), near(&log));
    let seen = begin(&one).await;
    let ear = Ear::default();
    let _listening = ear.listen(&one);
    sleep(SECOND).await;
    ear.heard();
    log.cut(one.process(), true);
    let cut = timeout(SECOND, one.append("key", facts(seen, b"a"))).await;
    cut.expect_err("it is cut off");
    tail(&other, facts(seen, b"b")).await;
    sleep(SECOND).await;
    assert_eq!(ear.heard(), []);
    log.cut(one.process(), false);
    sleep(SECOND).await;
    assert_eq!(ear.heard(), [Heard::Missed]);
    assert_eq!(texts(&tail(&one, facts(seen, b"")).await), [b"b"]);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_lags_lacks_the_last_entries_and_what_they_claimed() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    let most = Totals {
        calls: 100,
        tokens: 1000,
        stops: 0,
    };
    let mut last = seen;
    for _ in 0..5 {
        last = tail(&one, claim(seen, 10, most)).await.position;
    }
    one.save("key", last, b"five".to_vec())
        .await
        .expect("it is kept");
    log.fail_over(2);
    assert_eq!(append(&one, facts(last, b"a")).await, Appended::Elsewhere);
    let loaded = load(&one, base(1)).await;
    assert_eq!((loaded.snapshot, loaded.tail.entries.len()), (None, 3));
    assert_eq!(loaded.tail.totals.tokens, 30);
    log.empty();
    let loaded = load(&one, base(2)).await;
    assert_eq!(
        loaded.tail.position,
        Position {
            epoch: 2,
            number: 0
        }
    );
}

#[tokio::test(start_paused = true)]
async fn pushes_are_lost_or_come_twice() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    let ear = Ear::default();
    let _listening = ear.listen(&one);
    sleep(SECOND).await;
    ear.heard();
    log.set(|weather| weather.lost_pushes = 1.0);
    tail(&one, facts(seen, b"a")).await;
    log.set(|weather| (weather.lost_pushes, weather.double_pushes) = (0.0, 1.0));
    tail(&one, facts(seen, b"b")).await;
    sleep(SECOND).await;
    assert_eq!(ear.numbers(), [2, 2]);
}
