//! What is said of a URL, which may have a password.

use tower_response_cache_redis::RedisStore;

#[test]
fn url_is_never_shown() {
    let store = RedisStore::new("redis://alice:hush@example.org:7000/3").expect("a URL");
    assert!(!format!("{store:?}").contains("hush"));
    assert!(!format!("{store:?}").contains("alice"));
    for url in [
        "hush",
        "http://alice:hush@host",
        "redis://alice:hush@host/x",
        "",
    ] {
        let err = RedisStore::new(url).expect_err("not one of Redis");
        let said = format!("{err} {err:?}");
        assert!(!said.contains("hush"), "{said}");
    }
}

#[cfg(not(feature = "tls"))]
#[test]
fn url_for_tls_needs_the_feature() {
    let err = RedisStore::new("rediss://host").expect_err("no TLS");
    assert!(err.to_string().contains("feature `tls`"), "{err}");
}

#[cfg(feature = "tls")]
#[test]
fn url_for_tls_is_taken() {
    RedisStore::new("rediss://alice:hush@host:6380/1").expect("a URL");
}

/// Outside of a runtime there is nothing to connect by.
#[test]
fn question_outside_of_a_runtime_fails() {
    use std::{pin::pin, task::Context, task::Poll, task::Waker};
    use tower_response_cache::RemoteStore;
    let store = RedisStore::new("redis://127.0.0.1:1").expect("a URL");
    let key = "a".to_owned();
    let mut get = pin!(store.get(&key));
    let mut cx = Context::from_waker(Waker::noop());
    let Poll::Ready(Err(err)) = get.as_mut().poll(&mut cx) else {
        panic!("it has no runtime");
    };
    assert!(err.to_string().contains("runtime"), "{err}");
}
