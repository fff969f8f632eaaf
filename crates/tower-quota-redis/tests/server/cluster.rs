//! A cluster asks more of names: those of one script lie on one server.

use tower_quota::shared::SharedLog;

use crate::support::{Ear, Server, append, base, begin, claim, flood, load, log};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn names_of_a_log_are_in_one_slot() {
    let file = format!("tower-quota-redis-{:x}.conf", fastrand::u64(..));
    let file = std::env::temp_dir().join(file);
    let nodes = file.to_str().unwrap();
    // A cluster of one, which refuses scripts with names of several slots all the same.
    let server = Server::with(&["--cluster-enabled", "yes", "--cluster-config-file", nodes]);
    let _: () = server.ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    let is_up = || {
        let info: String = server.ask(&["CLUSTER", "INFO"]);
        info.contains("cluster_state:ok")
    };
    redis_test_server::until("the cluster is up", is_up).await;
    let log = log(&server);
    for key in ["quota", "a}b{c", "{}"] {
        let begun = log.load(key, base(1)).await;
        assert_eq!(begun.unwrap().tail.position, base(1).position, "{key}");
    }
    let _: () = server.ask(&["FLUSHALL"]);
    let began = begin(&log, 7).await;
    let (ear, _listening) = Ear::listen(&log, "quota").await;
    let first = append(&log, claim(&began, 1)).await;
    let seen = flood(&log, first.position, 300).await;
    log.save("quota", seen, b"snapshot".to_vec()).await.unwrap();
    let loaded = load(&log, base(8)).await;
    assert_eq!(loaded.snapshot, Some((301, b"snapshot".to_vec())));
    redis_test_server::until("heard", || ear.numbers().len() == 301).await;
    drop(server);
    let _ = std::fs::remove_file(file);
}
