//! A process is killed.

use tower_quota::Priority;

use super::calls::QUOTA;
use super::fleet::Fleet;
use super::process::{Call, Process};
use crate::support::{SECOND, Server, until};

/// It has calls under way, and the first places in line.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn others_go_on_without_one_that_was_first_in_line() {
    let server = Server::start();
    let mut fleet = Fleet::new(&server.url()).at_work().await;
    let first = fleet.processes.len();
    let process = Process::new(first, &server.url(), &fleet.calls);
    let call = Call {
        priority: Priority::High,
        takes: 60 * SECOND,
        ..Call::default()
    };
    process.calls(20 * QUOTA, call);
    until("it goes first", || fleet.calls.of(first) >= QUOTA).await;
    drop(process);
    fleet.go_on_together(&server).await;
    fleet.rest().await;
}
