//! Processes that ask for the same at the same time.

use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;
use tower::ServiceExt;

use crate::support::{Process, SECOND, Server, Source, store, until};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn processes_share_one_call() {
    let server = Server::start();
    let source = Source {
        takes: SECOND / 2,
        ..Source::default()
    };
    let processes = [(); 4].map(|()| Process::new(store(&server), &source));
    let asks = processes.iter().map(|process| {
        let service = process.service.clone();
        tokio::spawn(service.oneshot("a".to_owned()))
    });
    for ask in asks.collect::<Vec<_>>() {
        assert_eq!(ask.await.unwrap().unwrap(), 1);
    }
    assert_eq!(source.calls(), 1);
    let waits = processes
        .iter()
        .map(|process| process.handle.snapshot().remote.waits);
    assert_eq!(waits.sum::<u64>(), 3);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn after_a_call_that_fails_the_next_process_leads_at_once() {
    let server = Server::start();
    let source = Source {
        takes: SECOND / 4,
        ..Source::default()
    };
    let [one, two] = [(); 2].map(|()| Process::new(store(&server), &source));
    let failing = tokio::spawn(one.service.clone().oneshot("a fails".to_owned()));
    until("called", || source.calls() == 1).await;
    let began = Instant::now();
    assert_eq!(two.ask("a").await, 2);
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
    assert!(failing.await.unwrap().is_err());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn call_that_hangs_holds_others_up_for_a_limited_time() {
    let (server, source) = (Server::start(), Source::default());
    let one = Process::new(store(&server), &source);
    let two = Process::with(store(&server), &source, |layer| {
        layer.remote_flights(Duration::from_millis(300))
    });
    let hanging = tokio::spawn(one.service.clone().oneshot("a slow".to_owned()));
    until("called", || source.calls() == 1).await;
    let began = Instant::now();
    assert_eq!(two.ask("a").await, 2);
    let waited = began.elapsed();
    assert!((SECOND / 4..SECOND).contains(&waited), "{waited:?}");
    hanging.abort();
    // Where waiting is off nobody waits.
    let three = Process::with(store(&server), &source, |layer| {
        layer.remote_flights(Duration::ZERO)
    });
    let hanging = tokio::spawn(one.service.clone().oneshot("b slow".to_owned()));
    until("called", || source.calls() == 3).await;
    three.ask("b").await;
    assert_eq!(three.handle.snapshot().remote.waits, 0);
    hanging.abort();
}

/// A lead lasts as long as its call does, however short its own life.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn lead_is_renewed_while_the_call_goes_on() {
    let server = Server::start();
    let source = Source {
        takes: SECOND,
        ..Source::default()
    };
    let [one, two] = [(); 2].map(|()| {
        let store = store(&server).lead_lifetime(SECOND / 5);
        Process::new(store, &source)
    });
    let first = tokio::spawn(one.service.clone().oneshot("a".to_owned()));
    until("called", || source.calls() == 1).await;
    assert_eq!(two.ask("a").await, 1);
    assert_eq!(first.await.unwrap().unwrap(), 1);
}

/// However many there are.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn leads_of_a_process_are_renewed_together() {
    let (server, source) = (Server::start(), Source::default());
    let process = Process::new(store(&server).lead_lifetime(2 * SECOND), &source);
    let calls = (0..100).map(|call| {
        let service = process.service.clone();
        tokio::spawn(service.oneshot(format!("{call} slow")))
    });
    let calls: Vec<_> = calls.collect();
    until("called", || source.calls() == 100).await;
    let leads = || server.ask::<Vec<String>>(&["KEYS", "*:lead:*"]).len();
    let began = Instant::now();
    let before = server.commands();
    tokio::time::sleep(3 * SECOND).await;
    assert_eq!(leads(), 100, "after their life");
    // Three in two seconds, and one more at either end.
    let rounds = began.elapsed().as_secs() * 3 / 2 + 2;
    let renewals = server.commands() - before;
    assert!(renewals <= rounds, "{renewals} in {rounds} rounds");
    for call in calls {
        call.abort();
    }
    until("given back", || leads() == 0).await;
}

/// The other process of the test below.
#[tokio::test]
#[ignore = "started by another test"]
async fn child_that_leads() {
    let Ok(url) = std::env::var("LEADS_AT") else {
        return;
    };
    let store = tower_response_cache_redis::RedisStore::new(&url).unwrap();
    let process = Process::new(store.lead_lifetime(SECOND / 2), &Source::default());
    process.ask("a slow").await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn lead_of_a_killed_process_is_taken_over() {
    let (server, source) = (Server::start(), Source::default());
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "flights::child_that_leads"])
        .env("LEADS_AT", server.url())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let leads = || server.ask::<u64>(&["EXISTS", "tower-response-cache:lead:a"]) == 1;
    until("leading", leads).await;
    let process = Process::new(store(&server), &source);
    let ask = tokio::spawn(process.service.clone().oneshot("a".to_owned()));
    until("waiting", || process.handle.snapshot().remote.waits == 1).await;
    assert_eq!(source.calls(), 0);
    let killed = Instant::now();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ask.await.unwrap().unwrap(), 1);
    assert!(killed.elapsed() < 2 * SECOND, "{:?}", killed.elapsed());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn lead_ends_with_a_caller_that_leaves() {
    let (server, source) = (Server::start(), Source::default());
    let [one, two] = [(); 2].map(|()| Process::new(store(&server), &source));
    let leaving = tokio::spawn(one.service.clone().oneshot("a slow".to_owned()));
    until("called", || source.calls() == 1).await;
    leaving.abort();
    let began = Instant::now();
    assert_eq!(two.ask("a").await, 2);
    assert!(began.elapsed() < SECOND / 2, "{:?}", began.elapsed());
    until("gone", || {
        server.ask::<u64>(&["EXISTS", "tower-response-cache:lead:a"]) == 0
    })
    .await;
}
