//! What is said of a URL, which may have a password.

use super::Fleet;
use crate::{StackLayer, policy::response_cache_layer, stack::Off};
use std::time::Duration;

#[test]
fn no_password_is_shown() {
    let url = "redis://alice:hush@example.org:7000/3";
    let fleet = Fleet::redis(url).prefix("chat");
    let stack = StackLayer::new("us-east-1").fleet(fleet.clone());
    let handle = stack.handle();
    for said in [
        format!("{fleet:?}"),
        format!("{stack:?}"),
        format!("{handle:?}"),
        format!("{}", handle.snapshot()),
    ] {
        for secret in ["hush", "alice", "example.org"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}

/// Whichever comes first.
#[test]
fn layers_that_are_left_out_are_not_shared() {
    let new = || StackLayer::new("us-east-1");
    let fleet = || Fleet::redis("redis://localhost");
    let _: StackLayer<Off, _, Off> = new().fleet(fleet()).without_cache().without_quota();
    let _: StackLayer<Off, _, Off> = new().without_quota().without_cache().fleet(fleet());
}

#[test]
#[should_panic(expected = "`ResponseCacheLayer` is already shared")]
fn cache_whose_handle_is_in_use_is_not_shared() {
    let cache = response_cache_layer("us-east-1", Duration::from_secs(60), 0);
    let _handle = cache.handle();
    let stack = StackLayer::new("us-east-1").cache(cache);
    let _ = stack.fleet(Fleet::redis("redis://localhost"));
}

#[test]
fn what_is_no_url_is_told_without_its_password() {
    for url in [
        "hush",
        "",
        "http://alice:hush@host",
        "redis://alice:hush@host/x",
        "redis://alice:hu/sh@host",
    ] {
        let error = Fleet::try_redis(url).expect_err("not one of Redis");
        let said = format!("{error} {error:?}");
        assert!(said.contains("redis://user:password@host:6379/0"), "{said}");
        assert!(!said.contains("hu"), "{said}");
    }
}

#[test]
#[should_panic(expected = "write `redis://user:password@host:6379/0`")]
fn url_that_is_none_panics() {
    let _ = Fleet::redis("hush");
}

#[cfg(not(feature = "fleet-tls"))]
#[test]
fn url_for_tls_names_the_feature() {
    let error = Fleet::try_redis("rediss://alice:hush@host").expect_err("no TLS");
    assert!(error.to_string().contains("`fleet-tls`"), "{error}");
}

#[cfg(feature = "fleet-tls")]
#[test]
fn url_for_tls_is_taken() {
    let _ = Fleet::redis("rediss://alice:hush@host:6380/1");
}
