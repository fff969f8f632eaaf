//! A connection that is lost, and what is missed meanwhile.

use std::sync::atomic::Ordering;

use tower_response_cache_redis::RedisStore;

use crate::support::{Process, Proxy, SECOND, Server, Source, connections, store, until};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_was_missed_is_read_when_the_connection_is_back() {
    let (server, source) = (Server::start(), Source::default());
    let proxy = Proxy::new(&server).await;
    let one = Process::new(store(&server), &source);
    let two = Process::new(RedisStore::new(&proxy.url).unwrap(), &source);
    one.listens(&server).await;
    two.listens(&server).await;
    let old = two.ask("a").await;
    two.ask("b").await;
    two.written(&server).await;
    proxy.cut.store(true, Ordering::SeqCst);
    until("cut", || connections(&server) < 4).await;
    one.handle.invalidate(&"a".to_owned()).await.unwrap();
    assert!(two.memory.has("a"), "it cannot know");
    proxy.cut.store(false, Ordering::SeqCst);
    until("heard", || !two.memory.has("a")).await;
    // All that was missed was that.
    assert!(two.memory.has("b"));
    assert!(two.ask("a").await > old);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn all_is_forgotten_if_the_log_does_not_say_what_was_missed() {
    let (mut server, source) = (Server::start(), Source::default());
    let process = Process::new(store(&server), &source);
    process.listens(&server).await;
    process.ask("a").await;
    process.written(&server).await;
    server.kill();
    assert!(process.memory.has("a"), "an outage costs no answers");
    // Empty.
    server.restart();
    until("forgotten", || !process.memory.has("a")).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn memory_is_not_used_for_long_without_a_connection() {
    let (mut server, source) = (Server::start(), Source::default());
    let store = store(&server).deaf_limit(2 * SECOND);
    let process = Process::new(store, &source);
    process.listens(&server).await;
    process.ask("a").await;
    process.written(&server).await;
    server.kill();
    tokio::time::sleep(SECOND / 2).await;
    assert!(process.memory.has("a"));
    until("forgotten", || !process.memory.has("a")).await;
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn nothing_outlives_the_layer() {
    let (server, source) = (Server::start(), Source::default());
    let process = Process::new(store(&server), &source);
    process.listens(&server).await;
    until("two connections", || connections(&server) == 2).await;
    drop(process);
    until("closed", || connections(&server) == 0).await;
    assert_eq!(
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks(),
        0
    );
}

/// A runtime that ends takes the listening task with it. What was missed until the next request, nobody knows.
#[test]
#[ignore = "needs redis-server"]
fn next_runtime_listens_anew_and_forgets_first() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap()
    };
    let (server, source) = (Server::start(), Source::default());
    let [one, two] = [(); 2].map(|()| Process::new(store(&server), &source));
    let old = runtime().block_on(async {
        one.listens(&server).await;
        let old = one.ask("a").await;
        one.written(&server).await;
        old
    });
    runtime().block_on(async {
        two.handle.invalidate(&"a".to_owned()).await.unwrap();
        assert!(one.ask("a").await > old);
        one.listens(&server).await;
    });
}
