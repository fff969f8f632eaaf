//! Users and passwords are in the URL, and nowhere else; and what a user must be allowed.

use std::error::Error;

use tower_quota::shared::SharedLog;
use tower_quota_redis::RedisLog;

use crate::support::{Ear, KEY, Server, append, base, begin, facts, flood, until};

/// As the README says.
const ALLOWED: [&str; 18] = [
    "~{chat:*",
    "&{chat:*",
    "+hello",
    "+ping",
    "+evalsha",
    "+script|load",
    "+subscribe",
    "+unsubscribe",
    "+publish",
    "+time",
    "+hmget",
    "+hget",
    "+hset",
    "+xadd",
    "+xrange",
    "+xtrim",
    "+del",
    "+pexpire",
];

fn says_nothing(said: &str) {
    for word in ["hush", "alice", "127.0.0.1"] {
        assert!(!said.contains(word), "{said}");
    }
}

fn set_user(server: &Server, name: &str, rules: &[&str]) {
    let words = [&["ACL", "SETUSER", name, "reset", "on", ">hush"], rules].concat();
    let _: String = server.ask(&words);
}

fn of(server: &Server, user: &str) -> RedisLog {
    let url = format!("redis://{user}127.0.0.1:{}", server.port);
    RedisLog::new(&url).unwrap().prefix("chat")
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn user_needs_what_the_readme_says() {
    let server = Server::start();
    set_user(&server, "alice", &ALLOWED);
    let log = of(&server, "alice:hush@");
    let began = begin(&log, 7).await;
    let (ear, listening) = Ear::listen(&log, KEY).await;
    let seen = flood(&log, began.position, 300).await;
    append(&log, facts(began.position, b"")).await;
    log.save(KEY, seen, b"snapshot".to_vec()).await.unwrap();
    assert_eq!(begin(&log, 8).await.position, seen);
    until("heard", || ear.numbers().len() == 300).await;
    drop(listening);
    until("unsubscribed", || {
        server
            .ask::<Vec<String>>(&["PUBSUB", "CHANNELS"])
            .is_empty()
    })
    .await;
    // No key of others, nor a channel.
    let other = of(&server, "alice:hush@").prefix("other");
    let err = other.load(KEY, base(7)).await.expect_err("not its keys");
    assert!(format!("{err:?}").contains("NOPERM"), "{err:?}");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn refusals_show_neither_user_nor_password() {
    let server = Server::start();
    set_user(&server, "alice", &["~*", "&*", "+@all"]);
    set_user(&server, "carol", &[]);
    for user in ["alice:hushed@", "bob:hush@", "carol:hush@"] {
        let log = of(&server, user);
        let err = log.load(KEY, base(7)).await.expect_err("refused");
        let cause = err.source().expect("it has one");
        assert!(cause.to_string().starts_with("redis refuse"), "{cause}");
        says_nothing(&format!("{err} {err:?} {cause} {cause:?} {log:?}"));
        // It is tried again and again; nothing is heard, and nothing is said.
        let ear = Ear::default();
        let _listening = ear.to(&log, KEY);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert!(ear.heard().is_empty());
    }
}
