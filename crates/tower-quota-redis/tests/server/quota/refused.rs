//! The server is there, and does not do what it is asked.

use super::calls::Calls;
use super::fleet::Fleet;
use super::process::Process;
use crate::support::{Server, until};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_has_no_room() {
    let server = Server::start();
    let mut fleet = Fleet::new(&server.url()).at_work().await;
    server.ask::<()>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    fleet.are_alone().await;
    fleet.each_begins(3).await;
    fleet.stay_alone().await;
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    fleet.go_on_together(&server).await;
    fleet.rest().await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_is_read_only() {
    let server = Server::start();
    let mut fleet = Fleet::new(&server.url()).at_work().await;
    // Nobody is there.
    server.ask::<()>(&["REPLICAOF", "127.0.0.1", "1"]);
    fleet.are_alone().await;
    fleet.each_begins(3).await;
    fleet.stay_alone().await;
    server.ask::<()>(&["REPLICAOF", "NO", "ONE"]);
    fleet.go_on_together(&server).await;
    fleet.rest().await;
}

/// What can be read and not written is of no use.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn server_that_allows_no_more_than_to_read() {
    let server = Server::start();
    let allow = |rule: &str| {
        let user = [
            "ACL", "SETUSER", "alice", "on", ">hush", "~*", "&*", "+@all",
        ];
        server.ask::<()>(&[&user[..], &[rule]].concat());
    };
    allow("-xadd");
    let url = format!("redis://alice:hush@127.0.0.1:{}", server.port);
    let mut fleet = Fleet::new(&url);
    fleet.work();
    for _ in 0..3 {
        fleet.each_begins(3).await;
    }
    allow("+xadd");
    fleet.go_on_together(&server).await;
    fleet.rest().await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn password_that_is_wrong_is_said_and_not_shown() {
    let server = Server::with(&["--requirepass", "hush"]);
    let calls = Calls::new();
    let url = format!("redis://canaryname:canaryword@127.0.0.1:{}", server.port);
    let mut process = Process::new(0, &url, &calls);
    process.work();
    until("it goes by its part", || process.lines.is_alone()).await;
    until("calls go", || calls.of(0) >= 3).await;
    process.rest().await;
    let lines = process.lines.all();
    let told = "redis refuses the user or the password";
    let warns = |line: &String| line.starts_with("WARN") && line.contains(told);
    assert!(lines.iter().any(warns), "{lines:#?}");
    for line in &lines {
        assert!(!line.contains("canary"), "{line}");
    }
}
