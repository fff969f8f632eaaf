//! A server that is down, slow or hangs: misses, no errors, and no long waits.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower_response_cache_redis::RedisStore;

use crate::support::{Process, Proxy, SECOND, Server, Source, store};

const LIMIT: Duration = Duration::from_millis(100);
/// What a busy machine may take beyond the limit: less than the server hangs.
const SLACK: Duration = Duration::from_secs(1);

fn impatient(store: RedisStore, source: &Source) -> Process {
    Process::with(store, source, |layer| layer.remote_timeout(LIMIT))
}

/// Asks for so many new keys, and says how long the slowest took.
async fn misses(process: &Process, source: &Source, what: &str, many: u64) -> Duration {
    let calls = source.calls();
    let mut slowest = Duration::ZERO;
    for i in 0..many {
        let began = Instant::now();
        process.ask(&format!("{what}{i}")).await;
        slowest = slowest.max(began.elapsed());
    }
    assert_eq!(source.calls() - calls, many, "{what}: each is a miss");
    slowest
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn killed_server_costs_misses_alone_and_is_used_again_once_it_is_back() {
    let (mut server, source) = (Server::start(), Source::default());
    let process = impatient(store(&server), &source);
    process.listens(&server).await;
    server.kill();
    let slowest = misses(&process, &source, "down", 200).await;
    assert!(slowest < LIMIT + SLACK, "{slowest:?}");
    assert!(process.handle.snapshot().remote.not_asked > 100);
    let began = Instant::now();
    assert!(
        process
            .handle
            .invalidate(&"down1".to_owned())
            .await
            .is_err()
    );
    assert!(began.elapsed() < LIMIT + SLACK);
    server.restart();
    sleep(5 * SECOND).await;
    process.ask("first").await;
    process.ask("new").await;
    process.written(&server).await;
    let other = Process::new(store(&server), &source);
    let calls = source.calls();
    other.ask("new").await;
    assert_eq!(source.calls(), calls, "found there");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn hanging_server_costs_the_limit_a_few_times() {
    let (server, source) = (Server::start(), Source::default());
    let process = impatient(store(&server), &source);
    process.listens(&server).await;
    for way in ["stop", "sleep", "pause"] {
        match way {
            "stop" => server.hang(true),
            "pause" => server.ask::<()>(&["CLIENT", "PAUSE", "1500", "ALL"]),
            _ => {
                let url = server.url();
                std::thread::spawn(move || {
                    let mut connection =
                        redis::Client::open(url).unwrap().get_connection().unwrap();
                    let _ = redis::cmd("DEBUG")
                        .arg("SLEEP")
                        .arg("1.5")
                        .exec(&mut connection);
                });
                sleep(Duration::from_millis(50)).await;
            }
        }
        let before = process.handle.snapshot().remote.not_asked;
        let slowest = misses(&process, &source, way, 100).await;
        assert!(slowest < LIMIT + SLACK, "{way}: {slowest:?}");
        // It is asked three times, and once each time that a pause is over.
        let spared = process.handle.snapshot().remote.not_asked - before;
        assert!(spared >= 80, "{way}: {spared} of 100 were not asked");
        if way == "stop" {
            server.hang(false);
        }
        sleep(3 * SECOND).await;
        let key = format!("{way}-after");
        process.ask("probe").await;
        process.ask(&key).await;
        process.written(&server).await;
        let calls = source.calls();
        Process::new(store(&server), &source).ask(&key).await;
        assert_eq!(source.calls(), calls, "{way}: used again");
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn slow_server_is_waited_for_within_the_limit_alone() {
    let (server, source) = (Server::start(), Source::default());
    let proxy = Proxy::new(&server).await;
    let patient = Process::new(RedisStore::new(&proxy.url).unwrap(), &source);
    let impatient = impatient(RedisStore::new(&proxy.url).unwrap(), &source);
    patient.listens(&server).await;
    impatient.listens(&server).await;
    let near = Process::new(store(&server), &source);
    let answer = near.ask("a").await;
    near.written(&server).await;
    *proxy.delay.lock().unwrap() = Duration::from_millis(200);
    let began = Instant::now();
    assert_eq!(patient.ask("a").await, answer);
    assert!(began.elapsed() >= SECOND / 5);
    let began = Instant::now();
    assert!(impatient.ask("a").await > answer);
    assert!(began.elapsed() < LIMIT + SLACK);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn store_without_a_server_is_a_cache_in_memory() {
    let source = Source::default();
    let process = impatient(RedisStore::new("redis://127.0.0.1:1").unwrap(), &source);
    let slowest = misses(&process, &source, "never", 100).await;
    assert!(slowest < LIMIT + SLACK, "{slowest:?}");
    let calls = source.calls();
    process.ask("never7").await;
    assert_eq!(source.calls(), calls);
}
