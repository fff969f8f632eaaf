//! One order for all, with nothing lost, doubled or changed.

use std::sync::Arc;

use tower_quota::shared::{Append, Base, Claim, Position};

use crate::support::{Server, append, base, begin, claim, facts, flood, load, log, totals};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs redis-server"]
async fn thousands_of_appends_at_once_have_one_order() {
    const EACH: u64 = 250;
    const TASKS: u64 = 8;
    let server = Server::start();
    let logs = [(); 2].map(|()| Arc::new(log(&server)));
    let began = begin(&logs[0], 7).await;
    let tasks = (0..TASKS).map(|task| {
        let (log, began) = (Arc::clone(&logs[task as usize % 2]), began.clone());
        tokio::spawn(async move {
            let (mut tail, mut seen, mut claimed) = (began, Vec::new(), 0);
            for each in 0..EACH {
                let mut one = claim(&tail, 1 + each % 3);
                one.facts = (task * EACH + each).to_be_bytes().to_vec();
                tail = append(&log, one).await;
                let own = tail.entries.last().unwrap();
                claimed += u64::from(own.claim.is_some()) * (1 + each % 3);
                seen.append(&mut tail.entries);
            }
            (seen, claimed)
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let (mut longest, mut claimed) = (Vec::new(), 0);
    for task in tasks {
        let (seen, own) = task.await.unwrap();
        let numbers: Vec<_> = seen.iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, (1..=seen.len() as u64).collect::<Vec<_>>());
        assert!(seen.is_sorted_by_key(|entry| entry.at));
        let shorter = seen.len().min(longest.len());
        assert_eq!(seen[..shorter], longest[..shorter], "all see the same");
        if seen.len() > longest.len() {
            longest = seen;
        }
        claimed += own;
    }
    assert_eq!(longest.len() as u64, TASKS * EACH);
    let mut what: Vec<_> = longest.iter().map(|entry| entry.facts.clone()).collect();
    what.sort_unstable();
    what.dedup();
    assert_eq!(what.len() as u64, TASKS * EACH, "each once");
    let loaded = load(&logs[1], base(8)).await;
    assert_eq!(loaded.tail.entries, longest);
    assert_eq!(loaded.tail.totals, totals(claimed, 10 * claimed, 0));
    assert!(claimed > 0, "somebody was first");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn bytes_and_numbers_come_back_as_they_were() {
    let server = Server::start();
    let log = log(&server);
    let bytes: Vec<u8> = (0..=255).chain([0, b' ', b'\r', b'\n']).collect();
    let most = (1 << 53) - 1;
    // Text of 14 digits would not do for these.
    let position = Position {
        epoch: u64::MAX,
        number: most - 10,
    };
    let at = 4_000_000_000_000_001;
    let began = Base {
        position,
        at,
        totals: totals(most - 3, most - 7, most - 1),
        snapshot: Some(bytes.clone()),
    };
    let loaded = load(&log, began).await;
    assert_eq!(loaded.snapshot, Some((position.number, bytes.clone())));
    assert_eq!(loaded.tail.position, position);
    assert_eq!(loaded.tail.totals, totals(most - 3, most - 7, most - 1));
    assert!((at..at + 10_000_000).contains(&loaded.tail.at));
    let one = Append {
        claim: Some(Claim {
            bytes: bytes.clone(),
            calls: 3,
            tokens: 7,
            up_to: loaded.tail.totals,
        }),
        stop: true,
        ..facts(position, &bytes)
    };
    let own = append(&log, one).await;
    assert_eq!(own.totals, totals(most, most, most));
    assert_eq!(own.position.number, position.number + 1);
    let entry = &own.entries[0];
    assert_eq!((&entry.facts, entry.claim.as_ref()), (&bytes, Some(&bytes)));
    // By way of the log.
    let other = append(&log, facts(position, b"")).await;
    assert_eq!((&other.entries, other.totals), (&own.entries, own.totals));
    let loaded = load(&log, base(1)).await;
    assert_eq!(loaded.tail.entries, own.entries);
    assert_eq!(loaded.snapshot, Some((position.number, bytes)));
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn number_beyond_those_that_redis_can_count_is_an_error() {
    use tower_quota::shared::SharedLog;
    let server = Server::start();
    let log = log(&server);
    let began = begin(&log, 7).await;
    let err = log.append("quota", claim(&began, 1 << 53)).await;
    let err = std::error::Error::source(&err.expect_err("too many")).map(ToString::to_string);
    assert_eq!(err.as_deref(), Some("Redis counts to 2^53 alone"));
    assert_eq!(append(&log, facts(began.position, b"")).await.entries, []);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn logs_of_other_keys_and_prefixes_are_others() {
    use tower_quota::shared::SharedLog;
    let server = Server::start();
    let one = log(&server);
    let began = begin(&one, 7).await;
    flood(&one, began.position, 3).await;
    let other = one.load("other}key", base(8)).await.unwrap();
    assert_eq!(other.tail.position, base(8).position);
    let prefixed = log(&server).prefix("pre{fix");
    assert_eq!(begin(&prefixed, 9).await.position, base(9).position);
    assert_eq!(begin(&one, 10).await.position.number, 3);
}
