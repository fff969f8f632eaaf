//! Without the server nothing is lost.

use redis_test_server::{Proxy, SECOND, Server, until};
use std::{net::TcpListener, sync::atomic::Ordering, time::Duration};
use tokio::time::sleep;

use crate::{Process, all_at_once, bedrock, usage};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn processes_that_never_had_a_server_go_on_by_themselves() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let sim = bedrock(600, 10);
    let processes = [(); 2].map(|()| Process::at(&format!("redis://127.0.0.1:{port}"), &sim));
    assert_eq!(all_at_once(&processes, 10).await.len(), 20);
    assert_eq!(usage(&sim).admitted, 20);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_is_killed_and_comes_back_empty_costs_no_call() {
    let (mut server, sim) = (Server::start(), bedrock(600, 10));
    let processes = [(); 3].map(|()| Process::told(&server, &sim, 600));
    let calls = tokio::spawn(async move { all_at_once(&processes, 40).await });
    until("under way", || usage(&sim).admitted > 20).await;
    server.kill();
    until("going on", || usage(&sim).admitted > 50).await;
    server.restart();
    assert_eq!(calls.await.unwrap().len(), 120);
    assert_eq!(usage(&sim).admitted, 120);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_hangs_costs_no_call() {
    let (server, sim) = (Server::start(), bedrock(600, 10));
    let processes = [(); 3].map(|()| Process::told(&server, &sim, 600));
    let calls = tokio::spawn(async move { all_at_once(&processes, 30).await });
    until("under way", || usage(&sim).admitted > 20).await;
    server.hang(true);
    until("going on", || usage(&sim).admitted > 40).await;
    server.hang(false);
    assert_eq!(calls.await.unwrap().len(), 90);
    assert_eq!(usage(&sim).admitted, 90);
}

/// The others are not held up by one that is cut off, nor is it.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn process_that_is_cut_off_costs_no_call() {
    let (server, sim) = (Server::start(), bedrock(600, 10));
    let proxy = Proxy::new(&server).await;
    let processes = [server.url(), server.url(), proxy.url.clone()];
    let processes = processes.map(|url| Process::at(&url, &sim));
    let calls = tokio::spawn(async move { all_at_once(&processes, 30).await });
    until("under way", || usage(&sim).admitted > 20).await;
    proxy.cut.store(true, Ordering::SeqCst);
    sleep(2 * SECOND).await;
    proxy.cut.store(false, Ordering::SeqCst);
    assert_eq!(calls.await.unwrap().len(), 90);
    assert_eq!(usage(&sim).admitted, 90);
}

/// A slow way to the server slows calls down by no more than that.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn process_far_from_the_server_has_its_turns() {
    let (server, sim) = (Server::start(), bedrock(600, 10));
    let proxy = Proxy::new(&server).await;
    *proxy.delay.lock().unwrap() = Duration::from_millis(100);
    let processes = [server.url(), proxy.url.clone()].map(|url| Process::at(&url, &sim));
    assert_eq!(all_at_once(&processes, 20).await.len(), 40);
}
