//! What is said of a URL, which may have a password.

use tower_quota_redis::RedisLog;

#[test]
fn url_is_never_shown() {
    let log = RedisLog::new("redis://alice:hush@example.org:7000/3").expect("a URL");
    let said = format!("{log:?}");
    assert!(!said.contains("hush") && !said.contains("alice"), "{said}");
    for url in [
        "hush",
        "http://alice:hush@host",
        "redis://alice:hush@host/x",
        "",
    ] {
        let err = RedisLog::new(url).expect_err("not one of Redis");
        let said = format!("{err} {err:?}");
        assert!(!said.contains("hush"), "{said}");
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn url_for_tls_needs_the_feature() {
    let err = RedisLog::new("rediss://host").expect_err("no TLS");
    assert!(err.to_string().contains("feature `tls`"), "{err}");
}

#[cfg(feature = "tls")]
#[test]
fn url_for_tls_is_taken() {
    RedisLog::new("rediss://alice:hush@host:6380/1").expect("a URL");
}

/// Outside of a runtime there is nothing to connect by.
#[test]
fn question_outside_of_a_runtime_fails() {
    use std::{error::Error, pin::pin, task::Context, task::Poll, task::Waker};
    use tower_quota::shared::{Base, SharedLog};
    let log = RedisLog::new("redis://127.0.0.1:1").expect("a URL");
    let _listening = log.listen("key", Box::new(drop));
    let mut load = pin!(log.load("key", Base::default()));
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Err(err)) = load.as_mut().poll(&mut cx) else {
        panic!("it has no runtime");
    };
    let cause = err.source().expect("it has one").to_string();
    assert!(cause.contains("runtime"), "{cause}");
}
