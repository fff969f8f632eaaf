//! What is appended, refused, loaded and heard.

use std::time::Duration;

use tokio::time::sleep;
use tower_quota::shared::{Append, Appended, Base, Entry, Heard, Position, SharedLog, Totals};

use super::{Ear, SECOND, append, base, begin, claim, facts, load, log, near, tail, texts};
use crate::memory_log::Connection;

#[tokio::test(start_paused = true)]
async fn all_read_what_anybody_appends_in_one_order() {
    let log = log();
    let (one, other) = (near(&log), near(&log));
    let seen = begin(&one).await;
    assert_eq!(load(&other, base(9)).await.tail.position, seen);
    let first = tail(&one, facts(seen, b"a")).await;
    let second = tail(&other, facts(seen, b"b")).await;
    assert_eq!(texts(&first), [b"a"]);
    assert_eq!(texts(&second), [b"a", b"b"]);
    assert_eq!(second.position.number, 2);
    let news = tail(&one, facts(first.position, b"")).await;
    assert_eq!(texts(&news), [b"b"]);
    let numbers: Vec<_> = second.entries.iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [1, 2]);
    assert!(second.entries[0].at < second.entries[1].at);
    assert!(second.entries[1].at <= news.at);
    assert_eq!(log.number("key"), Some(2));
}

#[tokio::test(start_paused = true)]
async fn requests_of_one_process_are_done_in_their_order() {
    let log = log();
    let one = log.connect(Duration::from_millis(100));
    let seen = begin(&one).await;
    let all = (0..50_u8).map(|n| append_of(&one, facts(seen, &[n])));
    futures_util::future::join_all(all).await;
    let all = tail(&one, facts(seen, b"")).await;
    let order: Vec<u8> = all.entries.iter().map(|entry| entry.facts[0]).collect();
    assert_eq!(order, (0..50).collect::<Vec<u8>>());
}

async fn append_of(one: &Connection, what: Append) {
    append(one, what).await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_is_refused_if_more_was_claimed_than_it_allows_for() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    let up_to = |calls, tokens, stops| Totals {
        calls,
        tokens,
        stops,
    };
    let first = tail(&one, claim(seen, 10, up_to(0, 0, 0))).await;
    assert_eq!(first.totals, up_to(1, 10, 0));
    assert_eq!(first.entries[0].claim.as_deref(), Some(&b"claim"[..]));
    for refused in [up_to(0, 10, 0), up_to(1, 9, 0), up_to(9, 99, 1)] {
        let none = tail(&one, claim(seen, 5, refused)).await;
        assert_eq!((none.totals, none.position.number), (up_to(1, 10, 0), 1));
    }
    let second = tail(&one, claim(seen, 5, up_to(1, 10, 0))).await;
    assert_eq!(second.totals, up_to(2, 15, 0));
    let third = tail(&one, claim(seen, 5, up_to(7, 70, 0))).await;
    assert_eq!(third.totals, up_to(3, 20, 0));
}

#[tokio::test(start_paused = true)]
async fn the_facts_beside_a_claim_are_there_though_it_is_refused() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    tail(&one, claim(seen, 1, Totals::default())).await;
    let refused = Append {
        facts: b"fact".to_vec(),
        ..claim(seen, 1, Totals::default())
    };
    let both = tail(&one, refused).await;
    assert_eq!(texts(&both), [&b""[..], b"fact"]);
    assert_eq!(both.entries[1].claim, None);
    assert_eq!(both.totals.calls, 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_refuses_the_claims_of_who_has_not_seen_it_but_not_its_own() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    let stop = Append {
        stop: true,
        ..claim(seen, 1, Totals::default())
    };
    let stopped = tail(&one, stop).await;
    assert!(stopped.entries[0].claim.is_some());
    assert_eq!((stopped.totals.calls, stopped.totals.stops), (1, 1));
    let unseen = Totals {
        calls: 1,
        tokens: 1,
        stops: 0,
    };
    assert_eq!(tail(&one, claim(seen, 1, unseen)).await.totals.calls, 1);
    let seen_by_now = Totals { stops: 1, ..unseen };
    let after = tail(&one, claim(seen, 1, seen_by_now)).await;
    assert_eq!(after.totals.calls, 2);
    let alone = Append {
        seen,
        stop: true,
        ..Append::default()
    };
    let alone = tail(&one, alone).await;
    assert_eq!((alone.totals.stops, alone.position.number), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_appended_to_another_log_than_the_one_that_was_seen() {
    let log = log();
    let one = near(&log);
    let nowhere = append(&one, facts(Position::default(), b"a")).await;
    assert_eq!(nowhere, Appended::Elsewhere);
    assert_eq!(log.number("key"), None);
    let seen = begin(&one).await;
    let others = [
        Position { epoch: 8, ..seen },
        Position { number: 1, ..seen },
    ];
    for other in others {
        let appended = append(&one, facts(other, b"a")).await;
        assert_eq!(appended, Appended::Elsewhere);
    }
    assert_eq!(log.number("key"), Some(0));
    let Appended::Tail(at_four) = append(&one, facts(seen, b"a")).await else {
        panic!("it is this log");
    };
    one.save("key", at_four.position, b"1".to_vec())
        .await
        .expect("it is kept");
    let appended = append(&one, facts(seen, b"b")).await;
    assert_eq!(
        appended,
        Appended::Elsewhere,
        "what it has not seen is forgotten"
    );
    let appended = append(&one, facts(at_four.position, b"b")).await;
    assert!(matches!(appended, Appended::Tail(_)));
}

#[tokio::test(start_paused = true)]
async fn of_two_who_begin_a_log_the_first_does() {
    let log = log();
    let (one, other) = (near(&log), log.connect(Duration::from_millis(50)));
    let totals = Totals {
        calls: 3,
        tokens: 30,
        stops: 1,
    };
    let begins = Base {
        position: Position {
            epoch: 5,
            number: 40,
        },
        at: u64::MAX / 4,
        totals,
        snapshot: Some(b"forty".to_vec()),
    };
    let (first, second) = tokio::join!(load(&one, begins.clone()), load(&other, base(6)));
    assert_eq!(first.snapshot, Some((40, b"forty".to_vec())));
    assert_eq!(first.tail.position, begins.position);
    assert_eq!(first.tail.totals, totals);
    assert_eq!(second.tail.position, begins.position);
    let next = tail(&one, facts(begins.position, b"a")).await;
    assert_eq!(next.entries[0].number, 41);
    assert!(next.entries[0].at >= begins.at);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_kept_unless_there_is_a_later_one() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    for n in 0..4 {
        tail(&one, facts(seen, &[n])).await;
    }
    let at = |epoch, number| Position { epoch, number };
    let kept = async || {
        let loaded = load(&one, base(1)).await;
        let count = loaded.tail.entries.len();
        (loaded.snapshot.map(|(number, _)| number), count)
    };
    assert_eq!(kept().await, (None, 4));
    for (position, expected) in [
        (at(7, 2), (Some(2), 2)),
        (at(7, 1), (Some(2), 2)),
        (at(8, 3), (Some(2), 2)),
        (at(7, 5), (Some(2), 2)),
        (at(7, 3), (Some(3), 1)),
    ] {
        let saved = one.save("key", position, b"snapshot".to_vec()).await;
        saved.expect("it answers");
        assert_eq!(kept().await, expected, "after {position:?}");
    }
    assert_eq!(log.longest(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_listens_hears_all_in_order_until_the_answer_is_dropped() {
    let log = log();
    let (one, other) = (near(&log), log.connect(Duration::from_millis(100)));
    let seen = begin(&one).await;
    let (own, far) = (Ear::default(), Ear::default());
    let listening = (own.listen(&one), far.listen(&other));
    sleep(SECOND).await;
    assert_eq!(own.numbers(), [0], "it may have missed what was before");
    assert_eq!(far.heard(), [Heard::Missed]);
    for n in 0..20 {
        tail(&one, facts(seen, &[n])).await;
    }
    sleep(SECOND).await;
    assert_eq!(own.numbers(), (1..=20).collect::<Vec<_>>());
    let last = far.heard().pop().expect("it heard them");
    let Heard::Entry {
        epoch,
        totals,
        entry,
    } = last
    else {
        panic!("it missed nothing");
    };
    assert_eq!((epoch, totals), (7, Totals::default()));
    assert!(matches!(
        entry,
        Entry {
            number: 20,
            claim: None,
            ..
        }
    ));
    drop(listening);
    tail(&one, facts(seen, b"unheard")).await;
    sleep(SECOND).await;
    assert_eq!((own.heard(), far.heard()), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn who_only_asks_or_is_refused_is_not_heard() {
    let log = log();
    let one = near(&log);
    let seen = begin(&one).await;
    let ear = Ear::default();
    let _listening = ear.listen(&one);
    tail(&one, facts(seen, b"")).await;
    let too_late = Totals {
        stops: 1,
        ..Totals::default()
    };
    tail(&one, claim(seen, 1, too_late)).await;
    sleep(SECOND).await;
    assert_eq!(ear.heard(), [Heard::Missed]);
    assert_eq!(log.number("key"), Some(0));
    let counts = log.counts(one.process());
    assert_eq!((counts.loads, counts.asks, counts.appends), (1, 1, 1));
}
