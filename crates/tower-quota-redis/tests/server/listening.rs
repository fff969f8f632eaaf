//! What is heard of a log, and what is said of what is not.

use std::sync::atomic::Ordering;

use tower_quota::shared::{Heard, SharedLog};
use tower_quota_redis::RedisLog;

use crate::support::{
    Ear, KEY, Proxy, SECOND, Server, append, base, begin, claim, connections, facts, flood, load,
    log, until,
};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn listeners_hear_all_entries_in_order() {
    let server = Server::start();
    let [one, two] = [(); 2].map(|()| log(&server));
    let mut tail = begin(&one, 7).await;
    let (near, _near) = Ear::listen(&one, KEY).await;
    let (far, _far) = Ear::listen(&two, KEY).await;
    let mut stop = claim(&tail, 2);
    stop.facts = b"\0 facts".to_vec();
    stop.stop = true;
    tail = append(&one, stop).await;
    flood(&one, tail.position, 499).await;
    for ear in [near, far] {
        until("heard", || ear.numbers().len() == 500).await;
        assert_eq!(ear.numbers(), (1..=500).collect::<Vec<_>>());
        let expected = Heard::Entry {
            epoch: 7,
            totals: tail.totals,
            entry: tail.entries[0].clone(),
        };
        assert_eq!(ear.heard()[..2], [Heard::Missed, expected]);
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn each_listener_hears_its_own_log_until_it_leaves() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let (one, one_listens) = Ear::listen(&log, KEY).await;
    // Subscribed already.
    let (two, two_listens) = Ear::listen(&log, KEY).await;
    let (other, _other_listens) = Ear::listen(&log, "other").await;
    let seen = flood(&log, began.position, 1).await;
    until("heard", || two.numbers() == [1] && one.numbers() == [1]).await;
    drop(one_listens);
    let seen = flood(&log, seen, 1).await;
    until("heard", || two.numbers() == [1, 2]).await;
    assert_eq!(one.numbers(), [1]);
    drop(two_listens);
    let subscribed = || server.ask::<Vec<String>>(&["PUBSUB", "CHANNELS"]);
    until("unsubscribed", || {
        subscribed() == ["{tower-quota:other}:log"]
    })
    .await;
    flood(&log, seen, 1).await;
    log.load("other", base(8)).await.unwrap();
    log.append("other", facts(base(8).position, b"fact"))
        .await
        .unwrap();
    until("heard", || other.numbers() == [1]).await;
    assert_eq!(two.numbers(), [1, 2]);
    assert_eq!((one.missed(), two.missed(), other.missed()), (1, 1, 1));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn lost_connection_is_made_anew_and_said_to_have_missed_something() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let mut seen = flood(&log, began.position, 1).await;
    let (ear, _listening) = Ear::listen(&log, KEY).await;
    let (late, _late_listens) = Ear::listen(&log, KEY).await;
    for lost in 1..=3 {
        let killed: u64 = server.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        assert_eq!(killed, 1);
        until("subscribed anew", || {
            [&ear, &late].iter().all(|ear| ear.missed() == 1 + lost)
        })
        .await;
        seen = flood(&log, seen, 1).await;
        let heard = || ear.numbers().last() == Some(&seen.number);
        until("heard", heard).await;
    }
    assert_eq!(ear.numbers(), [2, 3, 4]);
    assert_eq!(late.numbers(), [2, 3, 4]);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_is_back_is_heard_again() {
    let mut server = Server::start();
    let log = log(&server);
    begin(&log, 7).await;
    let (ear, _listening) = Ear::listen(&log, KEY).await;
    server.kill();
    tokio::time::sleep(SECOND).await;
    assert_eq!(ear.missed(), 1, "there is nothing to be heard");
    server.restart();
    until("heard", || ear.missed() == 2).await;
    // The first question finds the connection lost.
    let _ = log.load(KEY, base(8)).await;
    let began = begin(&log, 8).await;
    flood(&log, began.position, 2).await;
    until("heard", || ear.numbers() == [1, 2]).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_hangs_is_left_and_tried_again() {
    let server = Server::start();
    let log = log(&server);
    begin(&log, 7).await;
    let (ear, _listening) = Ear::listen(&log, KEY).await;
    server.hang(true);
    // It is asked every 5 seconds, and has 2 to answer.
    tokio::time::sleep(8 * SECOND).await;
    server.hang(false);
    until("heard", || ear.missed() == 2).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_comes_while_the_connection_is_cut_is_missed_and_said_so() {
    let server = Server::start();
    let proxy = Proxy::new(&server).await;
    let (near, far) = (log(&server), RedisLog::new(&proxy.url).unwrap());
    let began = begin(&near, 7).await;
    let (ear, _listening) = Ear::listen(&far, KEY).await;
    proxy.cut.store(true, Ordering::SeqCst);
    until("cut", || connections(&server) == 1).await;
    let seen = flood(&near, began.position, 3).await;
    proxy.cut.store(false, Ordering::SeqCst);
    until("subscribed anew", || ear.missed() == 2).await;
    flood(&near, seen, 1).await;
    until("heard", || ear.numbers() == [4]).await;
    // What was missed, the next append brings.
    let tail = append(&far, facts(began.position, b"")).await;
    assert_eq!(tail.entries.len(), 4);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_nobody_here_published_may_be_anything() {
    let server = Server::start();
    let log = log(&server);
    let (ear, _listening) = Ear::listen(&log, KEY).await;
    let _: u64 = server.ask(&["PUBLISH", "{tower-quota:quota}:log", "hello there"]);
    until("heard", || ear.missed() == 2).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn nothing_outlives_the_log_and_its_listeners() {
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let (ear, listening) = Ear::listen(&log, KEY).await;
    until("two connections", || connections(&server) == 2).await;
    drop(listening);
    until("one connection", || connections(&server) == 1).await;
    let (again, listening) = Ear::listen(&log, KEY).await;
    flood(&log, began.position, 1).await;
    until("heard", || again.numbers() == [1]).await;
    assert!(ear.numbers().is_empty());
    drop(log);
    // Somebody still listens.
    let other = RedisLog::new(&server.url()).unwrap();
    let seen = load(&other, base(8)).await.tail.position;
    flood(&other, seen, 1).await;
    until("heard", || again.numbers() == [1, 2]).await;
    drop(other);
    drop(listening);
    until("closed", || connections(&server) == 0).await;
    assert_eq!(
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks(),
        0
    );
}

/// A runtime that ends takes the listening task with it; and one may listen before there is any.
#[test]
#[ignore = "needs redis-server"]
fn next_runtime_listens_anew() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let server = Server::start();
    let log = log(&server);
    let ear = Ear::default();
    let _listening = ear.to(&log, KEY);
    let seen = runtime().block_on(async {
        let began = begin(&log, 7).await;
        until("subscribed", || ear.missed() == 1).await;
        flood(&log, began.position, 1).await
    });
    runtime().block_on(async {
        // The connection ended with its runtime.
        let _ = log.append(KEY, facts(seen, b"")).await;
        until("subscribed anew", || ear.missed() == 2).await;
        flood(&log, seen, 1).await;
        until("heard", || ear.numbers().last() == Some(&2)).await;
    });
}
