//! How a log begins, and how it ends.

use std::collections::HashSet;

use tower_quota::shared::{Base, Position, SharedLog};

use crate::support::{
    KEY, Server, append, base, begin, claim, facts, flood, is_elsewhere, lifetimes, load, log,
    totals,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server"]
async fn first_of_several_that_begin_a_log_at_once_does() {
    let server = Server::start();
    let tasks: Vec<_> = (1..=16)
        .map(|epoch| {
            let log = log(&server);
            tokio::spawn(async move { begin(&log, epoch).await.position })
        })
        .collect();
    let mut positions = HashSet::new();
    for task in tasks {
        positions.insert(task.await.unwrap());
    }
    assert_eq!(positions.len(), 1, "{positions:?}");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn log_on_an_emptied_server_goes_on_from_the_base() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let before = append(&log, claim(&began, 4)).await;
    let _: () = server.ask(&["FLUSHALL"]);
    assert!(is_elsewhere(&log, claim(&before, 1)).await);
    assert!(is_elsewhere(&log, facts(before.position, b"")).await);
    log.save(KEY, before.position, b"old".to_vec())
        .await
        .unwrap();
    assert!(
        lifetimes(&server).is_empty(),
        "nothing begins by a snapshot"
    );
    let position = Position {
        epoch: 8,
        number: before.position.number,
    };
    let again = Base {
        position,
        at: before.at,
        totals: before.totals,
        snapshot: Some(b"folded".to_vec()),
    };
    let loaded = load(&log, again).await;
    assert_eq!(loaded.snapshot, Some((1, b"folded".to_vec())));
    assert_eq!(loaded.tail.entries, []);
    assert!(loaded.tail.at >= before.at);
    let after = append(&log, claim(&loaded.tail, 1)).await;
    assert_eq!(
        after.position,
        Position {
            epoch: 8,
            number: 2
        }
    );
    assert_eq!(after.totals, totals(5, 50, 0));
    assert!(
        is_elsewhere(&log, claim(&before, 1)).await,
        "the old log is gone"
    );
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn who_has_seen_more_than_the_log_has_is_elsewhere() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    // As with a replica that had not got the last entry.
    let lost = append(&log, facts(began.position, b"lost")).await;
    let ahead = Position {
        number: lost.position.number + 1,
        ..lost.position
    };
    for what in [&b""[..], b"fact"] {
        assert!(is_elsewhere(&log, facts(ahead, what)).await);
    }
    log.save(KEY, ahead, b"ahead".to_vec()).await.unwrap();
    let loaded = load(&log, base(8)).await;
    assert_eq!(loaded.snapshot, None, "a snapshot of what is not there");
    assert_eq!(loaded.tail.position, lost.position);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn snapshot_takes_the_place_of_entries() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let at_512 = flood(&log, began.position, 512).await;
    log.save(KEY, at_512, b"512".to_vec()).await.unwrap();
    let of = |number| Position { epoch: 7, number };
    // Not an older one.
    log.save(KEY, of(256), b"256".to_vec()).await.unwrap();
    log.save(KEY, of(512), b"once more".to_vec()).await.unwrap();
    // Nor one of another log.
    let other = Position {
        epoch: 8,
        number: 512,
    };
    log.save(KEY, other, b"other".to_vec()).await.unwrap();
    flood(&log, at_512, 3).await;
    let loaded = load(&log, base(9)).await;
    assert_eq!(loaded.snapshot, Some((512, b"512".to_vec())));
    let numbers: Vec<_> = loaded
        .tail
        .entries
        .iter()
        .map(|entry| entry.number)
        .collect();
    assert_eq!(numbers, [513, 514, 515]);
    // Who is a little behind need not load it; who is far behind has to.
    assert_eq!(append(&log, facts(of(256), b"")).await.entries.len(), 259);
    assert!(is_elsewhere(&log, facts(of(255), b"")).await);
    let length: u64 = server.ask(&["XLEN", "{tower-quota:quota}:log"]);
    assert_eq!(length, 259);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn tail_of_more_than_1024_entries_is_to_be_loaded() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    flood(&log, began.position, 1_024).await;
    let tail = append(&log, facts(began.position, b"")).await;
    assert_eq!(tail.entries.len(), 1_024);
    flood(&log, tail.position, 1).await;
    assert!(is_elsewhere(&log, facts(began.position, b"")).await);
    assert_eq!(load(&log, base(8)).await.tail.entries.len(), 1_025);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn log_without_snapshots_is_bounded_and_begins_anew() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let last = flood(&log, began.position, 18_000).await;
    let length: u64 = server.ask(&["XLEN", "{tower-quota:quota}:log"]);
    assert!((16_384..17_600).contains(&length), "{length}");
    // The first entries are gone, so nobody can know what all have used.
    let loaded = load(&log, base(8)).await;
    assert_eq!(loaded.tail.position, base(8).position);
    assert!(is_elsewhere(&log, facts(last, b"fact")).await);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn log_of_which_a_part_was_evicted_begins_anew() {
    let server = Server::start();
    let log = log(&server);
    for (epoch, part) in [(1, "head"), (2, "log"), (3, "snapshot")] {
        let began = begin(&log, epoch).await;
        let first = flood(&log, began.position, 2).await;
        log.save(KEY, first, b"two".to_vec()).await.unwrap();
        let last = flood(&log, first, 2).await;
        let gone: u64 = server.ask(&["DEL", &format!("{{tower-quota:quota}}:{part}")]);
        assert_eq!(gone, 1, "{part}");
        let loaded = load(&log, base(epoch + 10)).await;
        assert_eq!(loaded.tail.position, base(epoch + 10).position, "{part}");
        assert_eq!(loaded.snapshot, None, "{part}");
        assert!(is_elsewhere(&log, facts(last, b"fact")).await, "{part}");
        let _: () = server.ask(&["FLUSHALL"]);
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn all_is_forgotten_an_hour_after_its_last_use() {
    const HOUR: i64 = 3_600_000;
    let server = Server::start();
    let log = log(&server);
    let part = |what: &str| format!("{{tower-quota:quota}}:{what}");
    let began = begin(&log, 7).await;
    let fresh = |many| {
        let lifetimes = lifetimes(&server);
        assert_eq!(lifetimes.len(), many);
        for (name, left) in lifetimes {
            assert!((HOUR - 60_000..=HOUR).contains(&left), "{name}: {left}");
        }
    };
    fresh(2);
    let seen = flood(&log, began.position, 300).await;
    fresh(3);
    log.save(KEY, seen, b"snapshot".to_vec()).await.unwrap();
    fresh(3);
    // As if it had not been used for more than a minute.
    for (uses, shortened) in [("append", 1.0), ("load", 2.0)] {
        for what in ["head", "log", "snapshot"] {
            let _: u8 = server.ask(&["PEXPIRE", &part(what), "5000"]);
        }
        append(&log, facts(seen, b"")).await;
        assert!(
            lifetimes(&server).values().all(|&left| left <= 5_000),
            "not each time"
        );
        let noted: f64 = shortened;
        let clock = "redis.call('HSET', KEYS[1], 'clock', struct.pack('<ddd', 0, 0, ARGV[1]))";
        let _: () = server.ask(&["EVAL", clock, "1", &part("head"), &noted.to_string()]);
        match uses {
            "append" => drop(append(&log, facts(seen, b"")).await),
            _ => drop(load(&log, base(8)).await),
        }
        fresh(3);
    }
}
