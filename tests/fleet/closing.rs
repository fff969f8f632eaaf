//! A process that leaves.

use redis_test_server::{Server, until};
use tower_bedrock::ErrorKind;

use crate::{Process, all_at_once, bedrock, usage};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn calls_of_a_process_that_closes_are_in_nobodys_way() {
    let (server, sim) = (Server::start(), bedrock(120, 1));
    let [one, two] = [(); 2].map(|()| Process::told(&server, &sim, 120));
    let mut leaving = tokio::task::JoinSet::new();
    for number in 0..30 {
        let one = one.clone();
        leaving.spawn(async move { one.ask(&format!("leaves {number}")).await.map(drop) });
    }
    until("under way", || usage(&sim).admitted >= 1).await;
    one.handle.close();
    let ended = leaving.join_all().await;
    let closed = ended.iter().filter_map(|ended| ended.as_ref().err());
    assert!(closed.clone().count() >= 20, "{ended:?}");
    for error in closed {
        assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
    }
    // What was admitted of the other one before had half of the turns at most: fifteen seconds' worth of its calls are
    // no longer there.
    let answered = ended.iter().filter(|ended| ended.is_ok()).count() as u64;
    assert_eq!(all_at_once(&[two], 6).await.len(), 6);
    assert_eq!(usage(&sim).admitted, answered + 6);
}
