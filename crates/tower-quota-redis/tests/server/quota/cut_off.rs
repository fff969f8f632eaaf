//! One process does not reach the server.

use std::sync::atomic::Ordering;

use super::fleet::Fleet;
use crate::support::{Proxy, Server, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server"]
async fn one_goes_by_its_part_and_the_others_by_the_log() {
    let server = Server::start();
    let proxy = Proxy::new(&server).await;
    let url = server.url();
    let mut fleet = Fleet::of(&[&proxy.url, &url, &url, &url]).at_work().await;
    proxy.cut.store(true, Ordering::SeqCst);
    until("it is alone", || fleet.processes[0].lines.is_alone()).await;
    fleet.each_begins(10).await;
    for other in &fleet.processes[1..] {
        assert!(!other.lines.is_alone(), "{:#?}", other.lines.all());
    }
    proxy.cut.store(false, Ordering::SeqCst);
    fleet.go_on_together(&server).await;
    fleet.rest().await;
}
