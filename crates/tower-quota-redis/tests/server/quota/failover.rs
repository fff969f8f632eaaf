//! A replica takes over that has not heard all.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::sleep;

use super::fleet::{Fleet, claimed};
use crate::support::{Proxy, Server, until};

/// A replica of that primary, and how it hears of it.
async fn replica(primary: &Server) -> (Server, Proxy) {
    let link = Proxy::new(primary).await;
    let port = link.port.to_string();
    let options = ["--replicaof", "127.0.0.1", &port];
    // No file is written to follow it.
    let on_the_wire = ["--repl-diskless-load", "on-empty-db"];
    let replica = Server::with(&[options.as_slice(), &on_the_wire].concat());
    until("it follows", || {
        let info: String = replica.ask(&["INFO", "replication"]);
        info.contains("master_link_status:up")
    })
    .await;
    (replica, link)
}

/// The replica hears no more, and the processes go on until there is something that it has not heard.
async fn lag(fleet: &Fleet, primary: &Server, (replica, link): &(Server, Proxy)) {
    until("it has heard something", || claimed(replica) > 0).await;
    link.cut.store(true, Ordering::SeqCst);
    sleep(Duration::from_millis(100)).await;
    fleet.each_begins(5).await;
    let (all, heard) = (claimed(primary), claimed(replica));
    assert!(heard < all, "it lags: {heard} of {all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server"]
async fn replica_that_lags_takes_over() {
    let mut primary = Server::with(&["--repl-diskless-sync-delay", "0"]);
    let replica = replica(&primary).await;
    let address = Proxy::new(&primary).await;
    let mut fleet = Fleet::new(&address.url).at_work().await;
    lag(&fleet, &primary, &replica).await;
    primary.kill();
    fleet.are_alone().await;
    replica.0.ask::<()>(&["REPLICAOF", "NO", "ONE"]);
    address.server.store(replica.0.port, Ordering::SeqCst);
    fleet.go_on_together(&replica.0).await;
    fleet.rest().await;
}

/// It is so quick that nobody need notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server"]
async fn replica_that_lags_takes_over_at_once() {
    let mut primary = Server::with(&["--repl-diskless-sync-delay", "0"]);
    let replica = replica(&primary).await;
    let address = Proxy::new(&primary).await;
    let mut fleet = Fleet::new(&address.url).at_work().await;
    lag(&fleet, &primary, &replica).await;
    replica.0.ask::<()>(&["REPLICAOF", "NO", "ONE"]);
    address.server.store(replica.0.port, Ordering::SeqCst);
    primary.kill();
    fleet.go_on_together(&replica.0).await;
    fleet.rest().await;
}
