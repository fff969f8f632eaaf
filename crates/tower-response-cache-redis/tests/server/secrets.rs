//! Users and passwords are in the URL, and nowhere else.

use tower_response_cache::RemoteStore;
use tower_response_cache_redis::RedisStore;

use crate::support::{Process, Server, Source};

fn says_nothing(said: &str) {
    for word in ["hush", "alice", "127.0.0.1"] {
        assert!(!said.contains(word), "{said}");
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn user_of_the_url_is_the_one_of_the_server() {
    let server = Server::start();
    let _: String = server.ask(&[
        "ACL",
        "SETUSER",
        "alice",
        "on",
        ">hush",
        "~chat:*",
        "+@all",
        "-@dangerous",
    ]);
    let _: String = server.ask(&["ACL", "SETUSER", "carol", "on", ">hush"]);
    let at = |user: &str| {
        let url = format!("redis://{user}127.0.0.1:{}", server.port);
        RedisStore::new(&url).unwrap().prefix("chat")
    };
    let source = Source::default();
    let [one, two] = [(); 2].map(|()| Process::new(at("alice:hush@"), &source));
    one.listens_with(&server, at("alice:hush@")).await;
    let answer = one.ask("tag:a").await;
    one.written(&server).await;
    assert_eq!(two.ask("tag:a").await, answer);
    one.handle.clear().await.unwrap();
    for user in ["alice:hushed@", "bob:hush@", "carol:hush@"] {
        let store = at(user);
        let err = store.get(&"tag:a".to_owned()).await.expect_err("refused");
        says_nothing(&format!("{err} {err:?} {store:?}"));
        assert!(err.to_string().starts_with("redis refuse"), "{err}");
        let process = Process::new(store, &source);
        let calls = source.calls();
        process.ask("tag:a").await;
        assert_eq!(source.calls(), calls + 1);
    }
}
