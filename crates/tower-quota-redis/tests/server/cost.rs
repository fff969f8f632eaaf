//! How often the server is asked.

use tower_quota::shared::SharedLog;

use crate::support::{Ear, KEY, Server, append, begin, claim, facts, log};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn append_is_one_command_of_five_small_ones() {
    let server = Server::start();
    let log = log(&server);
    let mut tail = begin(&log, 7).await;
    tail = append(&log, claim(&tail, 1)).await;
    let _: () = server.ask(&["CONFIG", "RESETSTAT"]);
    for _ in 0..100 {
        tail = append(&log, claim(&tail, 1)).await;
    }
    assert_eq!(tail.totals.calls, 101);
    assert_eq!(server.commands(), 100);
    let stats: String = server.ask(&["INFO", "commandstats"]);
    let mut ran: Vec<_> = stats
        .lines()
        .filter_map(|line| line.strip_prefix("cmdstat_")?.split_once(",usec"))
        .map(|(calls, _)| calls.replace(":calls=", " "))
        .filter(|calls| {
            !["config", "client", "info"]
                .iter()
                .any(|other| calls.starts_with(other))
        })
        .collect();
    ran.sort_unstable();
    let expected = ["evalsha", "hmget", "hset", "publish", "time", "xadd"];
    assert_eq!(ran, expected.map(|name| format!("{name} 100")));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn asking_writes_nothing() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let seen = append(&log, facts(began.position, b"fact")).await.position;
    let (ear, _listening) = Ear::listen(&log, KEY).await;
    let changes = || {
        let info: String = server.ask(&["INFO", "persistence"]);
        let count = info
            .lines()
            .find_map(|line| line.strip_prefix("rdb_changes_since_last_save:"));
        count.unwrap().parse::<u64>().unwrap()
    };
    let before = changes();
    for _ in 0..10 {
        let tail = append(&log, facts(seen, b"")).await;
        assert_eq!((tail.position, tail.entries), (seen, Vec::new()));
    }
    assert_eq!(changes(), before);
    // What is published would have come before this.
    append(&log, facts(seen, b"fact")).await;
    redis_test_server::until("heard", || ear.numbers() == [2]).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn scripts_are_loaded_again_by_a_server_that_has_forgotten_them() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let _: () = server.ask(&["SCRIPT", "FLUSH"]);
    let tail = append(&log, facts(began.position, b"fact")).await;
    assert_eq!(tail.entries.len(), 1);
    let _: () = server.ask(&["SCRIPT", "FLUSH"]);
    log.save(KEY, tail.position, Vec::new()).await.unwrap();
    assert_eq!(begin(&log, 8).await.position, tail.position);
}
