//! What is asked of the server, and what lies there.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;
use tower_response_cache::{RemoteEntry, RemoteStore};
use tower_response_cache_redis::RedisStore;

use crate::support::{Process, Server, Source, lifetimes, store};

#[tokio::test]
#[ignore = "needs redis-server"]
async fn hit_is_one_command_and_miss_is_two() {
    let (server, source) = (Server::start(), Source::default());
    let [one, two] = [(); 2].map(|()| Process::new(store(&server), &source));
    // The scripts are loaded.
    one.listens(&server).await;
    two.listens(&server).await;
    one.handle.invalidate(&"a".to_owned()).await.unwrap();
    let before = server.commands();
    assert_eq!(one.ask("model:a").await, 3);
    one.written(&server).await;
    assert_eq!(server.commands() - before, 2, "a miss");
    assert_eq!(two.ask("model:a").await, 3);
    assert_eq!(server.commands() - before, 3, "a hit there");
    assert_eq!(two.ask("model:a").await, 3);
    assert_eq!(server.commands() - before, 3, "a hit in memory");
    two.handle.invalidate_tag("model").await.unwrap();
    assert_eq!(server.commands() - before, 4, "an invalidation");
    assert_eq!(source.calls(), 3);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn all_that_lies_there_has_the_prefix_and_an_end() {
    let (server, source) = (Server::start(), Source::default());
    let process = Process::new(store(&server).prefix("chat"), &source);
    let other = store(&server).prefix("chat");
    process.listens_with(&server, other).await;
    let keys: Vec<String> = (0..500).map(|i| format!("tag{}:{i}", i % 7)).collect();
    for key in &keys {
        process.ask(key).await;
    }
    process.written(&server).await;
    for key in keys.iter().step_by(10) {
        process.handle.invalidate(key).await.unwrap();
    }
    process.handle.invalidate_tag("tag3").await.unwrap();
    process.handle.clear().await.unwrap();
    let lifetimes = lifetimes(&server);
    assert!(lifetimes.len() > 500);
    for (name, left) in lifetimes {
        assert!(name.starts_with("chat:"), "{name}");
        assert!(left > 3_500_000, "{name}: {left}");
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn entry_comes_back_as_it_was() {
    let server = Server::start();
    for (url, above) in [("", 0), ("?protocol=resp3", 0), ("", usize::MAX)] {
        let url = server.url() + "/" + url;
        let store = RedisStore::new(&url).unwrap();
        let store = store.compress_above(above).prefix(&format!("{above}"));
        let key = "why?".to_owned();
        for bytes in [vec![], b"short".to_vec(), vec![7; 100_000]] {
            for expires_in in [
                Duration::from_secs(60),
                Duration::from_secs(400 * 24 * 3600),
                Duration::MAX,
            ] {
                let entry = RemoteEntry::new(bytes.clone(), expires_in);
                // The server's clock has begun.
                let _ = store.get(&key).await.unwrap();
                insert_now(&store, &key, entry).await;
                let back = store.get(&key).await.unwrap().expect("an entry");
                assert_eq!(back.bytes, bytes);
                assert!(back.expires_in <= expires_in);
                assert!(back.expires_in >= expires_in - expires_in / 10);
            }
        }
    }
}

/// Writes an entry of a call that begins now.
async fn insert_now(store: &RedisStore, key: &str, mut entry: RemoteEntry) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    entry.version = u64::try_from(since.unwrap().as_micros()).unwrap();
    assert!(store.insert_newer(&key.to_owned(), entry).await.unwrap());
}

/// Prints how long a hit takes beside a PING: `--nocapture`.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn three_thousand_hits_beside_as_many_pings() {
    let (server, source) = (Server::start(), Source::default());
    let one = Process::new(store(&server), &source);
    one.listens(&server).await;
    one.ask("model:a").await;
    one.written(&server).await;
    let two = Process::new(store(&server), &source);
    two.listens(&server).await;
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let (mut pings, mut hits) = (Vec::new(), Vec::new());
    for _ in 0..3000 {
        let began = Instant::now();
        let pong: String = redis::cmd("PING")
            .query_async(&mut connection)
            .await
            .unwrap();
        assert_eq!(pong, "PONG");
        pings.push(began.elapsed());
        // In memory it would be no question.
        tower_response_cache::Store::clear(&two.memory);
        let began = Instant::now();
        two.ask("model:a").await;
        hits.push(began.elapsed());
    }
    assert_eq!(two.handle.snapshot().remote.hits, 3000);
    pings.sort_unstable();
    hits.sort_unstable();
    let (ping, hit) = (pings[1500], hits[1500]);
    let ratio = hit.as_secs_f64() / ping.as_secs_f64();
    println!("ping {ping:?}, hit {hit:?}: {ratio:.2} times");
}
