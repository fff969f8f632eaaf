//! Nothing happens to the server.

use tokio::time::sleep;

use super::calls::QUOTA;
use super::fleet::Fleet;
use super::process::Call;
use crate::support::{SECOND, Server};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn four_processes_share_one_quota() {
    let server = Server::start();
    let fleet = Fleet::new(&server.url());
    let each = QUOTA * 2 / 3;
    let calls = fleet
        .processes
        .iter()
        .flat_map(|process| process.calls(each, Call::default()))
        .collect::<Vec<_>>();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let all = fleet.calls.all();
    assert_eq!(all.len(), 4 * each, "each went once");
    fleet.calls.are_never_more_than_the_quota();
    fleet.calls.are_never_twice_the_quota();
    let commands = server.commands();
    assert!(commands <= 3 * all.len() as u64, "{commands} commands");
    // What the last calls came to is told.
    let mut told = 0;
    for _ in 0..5 {
        if told != server.commands() {
            told = server.commands();
            sleep(SECOND).await;
        }
    }
    sleep(2 * SECOND).await;
    assert_eq!(server.commands(), told, "nobody waits for anything");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn each_process_gets_its_part_all_the_time() {
    let server = Server::start();
    let mut fleet = Fleet::new(&server.url()).at_work().await;
    for _ in 0..3 {
        fleet.each_begins(QUOTA / 4).await;
    }
    fleet.rest().await;
    fleet.calls.are_never_more_than_the_quota();
}
