//! One quota.

use end_to_end::{MODEL, prompt};
use redis_test_server::{Server, until};
use std::{sync::Arc, time::Duration};
use tokio::time::sleep;
use tower_bedrock::{
    Fleet, Priority, Request, StackLayer,
    policy::{ModelQuota, Quotas},
};

use crate::{Process, all_at_once, bedrock, told, usage};

/// Four times as many as Bedrock lets in at once, and each process is told all of the quota.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn processes_wait_in_one_line() {
    let (server, sim) = (Server::start(), bedrock(600, 10));
    let fleet = [(); 4].map(|()| Process::told(&server, &sim, 600));
    let ended = all_at_once(&fleet, 15).await;
    let together = usage(&sim);
    assert_eq!(together.admitted, 60);
    // As many as one process needs to learn how much goes at once.
    assert!(together.throttled <= 8, "{}", together.throttled);
    for number in 0..4 {
        let turns = ended[..40].iter().filter(|it| **it == number).count();
        assert!(
            turns >= 5,
            "{number} had {turns} of the first 40: {ended:?}"
        );
    }

    let sim = bedrock(600, 10);
    let alone =
        [(); 4].map(|()| Process::of(&StackLayer::new("us-east-1").quotas(told(600)), &sim));
    all_at_once(&alone, 15).await;
    let apart = usage(&sim);
    assert!(
        apart.throttled > 2 * together.throttled.max(1),
        "{} without a fleet, {} with one",
        apart.throttled,
        together.throttled
    );
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_one_process_uses_another_knows_at_its_next_call() {
    let (server, sim) = (Server::start(), bedrock(6_000, 100));
    // Of a day nothing comes back while this runs.
    let quota = || ModelQuota::new().tokens_per_day(10_000_000);
    let [one, two] = [(); 2].map(|()| {
        let layer = StackLayer::new("us-east-1").quotas(Quotas::new().model(MODEL, quota()));
        Process::of(&layer.fleet(Fleet::redis(&server.url())), &sim)
    });
    let key: Arc<str> = format!("us-east-1/{MODEL}").into();
    let used = |process: &Process| {
        let shown = process.handle.quota().snapshot(&key);
        shown.map_or(0, |shown| shown.limits[0].used)
    };
    two.ask("hello").await.unwrap();
    let own = used(&two);
    for number in 0..10 {
        one.ask(&format!("call {number}")).await.unwrap();
    }
    // It need not know before it calls.
    two.ask("and now?").await.unwrap();
    assert!(used(&two) >= 4 * own, "{} after {own}", used(&two));
}

/// Across processes a call of a higher priority is the next one.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn priority_counts_across_processes() {
    let (server, sim) = (Server::start(), bedrock(120, 1));
    let [one, two] = [(); 2].map(|()| Process::told(&server, &sim, 120));
    let batch = tokio::spawn({
        let one = one.clone();
        async move { all_at_once(&[one], 16).await }
    });
    until("under way", || usage(&sim).admitted >= 2).await;
    two.call(Request::new(prompt("at once")).priority(Priority::High))
        .await
        .unwrap();
    // Half a second for each of the others: most of them are still to come.
    assert!(usage(&sim).admitted < 12, "{}", usage(&sim).admitted);
    assert!(!batch.is_finished());
    batch.await.unwrap();
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn fleets_of_other_names_have_quotas_of_their_own() {
    let (server, sim) = (Server::start(), bedrock(6_000, 100));
    let processes = ["a", "b"].map(|name| {
        let layer = StackLayer::new("us-east-1").quotas(told(60));
        Process::of(&layer.fleet(Fleet::redis(&server.url()).prefix(name)), &sim)
    });
    let key: Arc<str> = format!("us-east-1/{MODEL}").into();
    all_at_once(&processes[..1], 5).await;
    processes[1].ask("hello").await.unwrap();
    sleep(Duration::from_millis(200)).await;
    let shown = processes[1].handle.quota().snapshot(&key).unwrap();
    assert_eq!(shown.limits[0].used, 1);
    let names = names(&server);
    let is_ours = |name: &String| {
        let name = name.trim_start_matches('{');
        name.starts_with("a:") || name.starts_with("b:")
    };
    assert!(!names.is_empty() && names.iter().all(is_ours), "{names:?}");
}

/// The cache alone: each paces its own calls.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn fleet_without_a_quota_shares_no_quota() {
    let (server, sim) = (Server::start(), bedrock(6_000, 100));
    let share = || {
        let fleet = Fleet::redis(&server.url()).without_quota();
        Process::of(
            &StackLayer::new("us-east-1").quotas(told(60)).fleet(fleet),
            &sim,
        )
    };
    share().ask("hello").await.unwrap();
    let names = names(&server);
    assert!(!names.iter().any(|name| name.starts_with('{')), "{names:?}");
}

/// What lies on the server. The names of answers are digests.
fn names(server: &Server) -> Vec<String> {
    let names: Vec<Vec<u8>> = server.ask(&["KEYS", "*"]);
    let read = |name: Vec<u8>| String::from_utf8_lossy(&name).into_owned();
    names.into_iter().map(read).collect()
}
