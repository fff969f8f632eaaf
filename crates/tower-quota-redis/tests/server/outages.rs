//! A server that is down, slow or hangs.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tower_quota_redis::RedisLog;

use crate::support::{
    SECOND, Server, append, base, begin, facts, flood, is_elsewhere, load, log, try_append,
};

/// How long the caller waits.
const LIMIT: Duration = Duration::from_millis(100);

#[tokio::test]
#[ignore = "needs redis-server"]
async fn append_that_was_dropped_is_done_once_or_not_at_all() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    for way in ["stop", "sleep", "pause"] {
        let before = load(&log, base(8)).await.tail;
        match way {
            "stop" => server.hang(true),
            "pause" => server.ask::<()>(&["CLIENT", "PAUSE", "1500", "ALL"]),
            _ => {
                let url = server.url();
                std::thread::spawn(move || {
                    let client = redis::Client::open(url).unwrap();
                    let mut connection = client.get_connection().unwrap();
                    let _ = redis::cmd("DEBUG")
                        .arg("SLEEP")
                        .arg("1.5")
                        .exec(&mut connection);
                });
                sleep(Duration::from_millis(50)).await;
            }
        }
        let began_to_hang = Instant::now();
        for number in 0..5u8 {
            let append = facts(before.position, &[number]);
            let answer = timeout(LIMIT, try_append(&log, append)).await;
            assert!(answer.is_err(), "{way}: it hangs");
        }
        assert!(began_to_hang.elapsed() < SECOND, "{way}");
        if way == "stop" {
            server.hang(false);
        }
        // Once it goes on, what was sent is done, and what comes after it is answered.
        let after = append(&log, facts(before.position, b"after")).await;
        let own: Vec<_> = after.entries.iter().map(|entry| &entry.facts[..]).collect();
        assert_eq!(own.last(), Some(&&b"after"[..]), "{way}");
        let dropped: Vec<u8> = own[..own.len() - 1].iter().map(|facts| facts[0]).collect();
        assert!(
            dropped.is_sorted_by(|one, two| one < two),
            "{way}: {dropped:?}"
        );
        let all = load(&log, base(8)).await.tail;
        assert_eq!(all.position, after.position, "{way}");
    }
    let all = append(&log, facts(began.position, b"")).await.entries;
    assert_eq!(all.len() as u64, all.last().unwrap().number);
}

/// What is not answered is kept until then: at most what the connection has room for.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn appends_dropped_by_the_thousand_do_not_stay() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    server.hang(true);
    let bytes = vec![7; 100_000];
    let mut sent = 0;
    for _ in 0..1_000 {
        let append = facts(began.position, &bytes);
        let asked = timeout(Duration::from_millis(1), try_append(&log, append));
        sent += u64::from(asked.await.is_err());
    }
    assert_eq!(sent, 1_000);
    server.hang(false);
    let tail = load(&log, base(8)).await.tail;
    // 100 million bytes were asked to be sent.
    assert!(tail.position.number < 300, "{}", tail.position.number);
    let after = append(&log, facts(tail.position, b"after")).await;
    assert_eq!(after.entries.len(), 1);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn killed_server_is_an_error_at_once_and_is_used_again_once_it_is_back() {
    let mut server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let seen = flood(&log, began.position, 3).await;
    server.kill();
    let began = Instant::now();
    for _ in 0..20 {
        assert!(try_append(&log, facts(seen, b"down")).await.is_err());
    }
    assert!(began.elapsed() < 5 * SECOND);
    server.restart();
    let answered = async {
        while try_append(&log, facts(seen, b"back")).await.is_err() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(10 * SECOND, answered).await.expect("it is back");
    assert!(
        is_elsewhere(&log, facts(seen, b"back")).await,
        "it is empty"
    );
    let began = begin(&log, 8).await;
    assert_eq!(began.position, base(8).position);
    flood(&log, began.position, 3).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_never_was_is_an_error() {
    let log = RedisLog::new("redis://127.0.0.1:1").unwrap();
    let answer = timeout(
        5 * SECOND,
        try_append(&log, facts(base(7).position, b"fact")),
    );
    assert!(answer.await.expect("it says so").is_err());
}

/// What the server refuses has left no trace.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn full_server_is_an_error_and_the_log_stays_whole() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let seen = flood(&log, began.position, 3).await;
    let _: () = server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    for _ in 0..3 {
        assert!(try_append(&log, facts(seen, b"full")).await.is_err());
    }
    let _: () = server.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    let tail = append(&log, facts(seen, b"room")).await;
    assert_eq!(tail.position.number, seen.number + 1);
    assert_eq!(load(&log, base(8)).await.tail.entries.len(), 4);
}
