//! The server is killed, hangs, or forgets all.

use tokio::time::sleep;

use super::fleet::{Fleet, claimed};
use crate::support::{SECOND, Server, until};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_is_killed_and_comes_back_empty() {
    let mut server = Server::start();
    let mut fleet = Fleet::new(&server.url()).at_work().await;
    server.kill();
    fleet.are_alone().await;
    fleet.each_begins(3).await;
    server.restart();
    fleet.go_on_together(&server).await;
    fleet.rest().await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_comes_after_those_who_ask_for_it() {
    let mut server = Server::start();
    server.kill();
    let mut fleet = Fleet::new(&server.url());
    fleet.work();
    fleet.are_alone().await;
    fleet.each_begins(3).await;
    server.restart();
    fleet.go_on_together(&server).await;
    fleet.rest().await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_hangs() {
    let server = Server::start();
    let mut fleet = Fleet::new(&server.url()).at_work().await;
    server.hang(true);
    fleet.are_alone().await;
    fleet.each_begins(3).await;
    server.hang(false);
    fleet.go_on_together(&server).await;
    fleet.rest().await;
}

/// Nobody need be alone in so short a time.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_pauses() {
    let server = Server::start();
    let mut fleet = Fleet::new(&server.url()).at_work().await;
    server.ask::<()>(&["CLIENT", "PAUSE", "2000", "ALL"]);
    fleet.each_begins(3).await;
    sleep(2 * SECOND).await;
    fleet.go_on_together(&server).await;
    fleet.rest().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
#[ignore = "needs redis-server"]
async fn server_that_sleeps() {
    let server = Server::start();
    let mut fleet = Fleet::new(&server.url()).at_work().await;
    tokio::task::block_in_place(|| server.ask::<()>(&["DEBUG", "SLEEP", "2"]));
    fleet.go_on_together(&server).await;
    fleet.rest().await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_is_emptied() {
    let server = Server::start();
    let mut fleet = Fleet::new(&server.url()).at_work().await;
    server.ask::<()>(&["FLUSHALL"]);
    until("it is there again", || claimed(&server) > 0).await;
    fleet.go_on_together(&server).await;
    fleet.rest().await;
}
