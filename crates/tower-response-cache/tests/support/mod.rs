//! A policy that is told what to do by the words of requests and responses.

#![allow(dead_code)]

pub(crate) mod elsewhere;

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use tower::BoxError;
use tower_response_cache::{CacheStatus, Handle, Keep, Lookup, Policy, ResponseCacheLayer};
use tower_test::mock::{self, Mock, Spawn};

pub(crate) type Request = &'static str;
pub(crate) type Cached =
    tower_response_cache::ResponseCache<Mock<Request, String>, Words, Key, Value>;
pub(crate) type Key = &'static str;
pub(crate) type Value = Result<String, String>;

pub(crate) const TTL: Duration = Duration::from_secs(60);

/// The first word of a request is its key, the second says what to do: `refresh`, `bypass`,
/// `no-store`. A response is not kept if it begins with `passing`, and not shared if it begins with
/// `stream`. An error is shared if it begins with `shared`.
#[derive(Debug)]
pub(crate) struct Words;

impl Policy<Request, String, BoxError> for Words {
    type Key = Key;
    type Value = Value;
    /// Whether it may be stored.
    type Context = bool;

    fn lookup(&self, req: &Request) -> Lookup<Key> {
        let (key, word) = req.split_once(' ').unwrap_or((req, ""));
        match word {
            "refresh" => Lookup::Refresh(key),
            "bypass" => Lookup::Bypass,
            _ => Lookup::Use(key),
        }
    }

    fn context(&self, req: &Request) -> bool {
        !req.ends_with(" no-store")
    }

    fn keep(&self, may_store: &bool, res: &String) -> Option<Keep> {
        assert!(!res.starts_with("panic in keep"), "keep");
        (*may_store && !res.starts_with("passing")).then(|| Keep::new(TTL))
    }

    fn share(&self, res: &String) -> Option<Value> {
        assert!(!res.starts_with("panic in share"), "share");
        (!res.starts_with("stream")).then(|| Ok(res.clone()))
    }

    fn share_error(&self, _: &bool, err: &BoxError) -> Option<Value> {
        let message = err.to_string();
        message.starts_with("shared").then_some(Err(message))
    }

    fn restore(&self, value: Value, status: CacheStatus) -> Option<Result<String, BoxError>> {
        Some(match value {
            Ok(text) => Ok(format!("{text} [{}]", status.as_str())),
            Err(message) => Err(format!("{message} [{}]", status.as_str()).into()),
        })
    }

    fn mark(&self, res: &mut String, status: CacheStatus) {
        *res = format!("{res} [{}]", status.as_str());
    }
}

pub(crate) type Inner = mock::Handle<Request, String>;

/// A cache in front of a mock.
pub(crate) fn cached() -> (Spawn<Cached>, Inner, Handle<Key, Value>) {
    let layer = ResponseCacheLayer::new(Words, 1000);
    let handle = layer.handle();
    let (mut service, inner) = mock::spawn_layer(layer);
    assert!(service.poll_ready().is_ready());
    (service, inner, handle)
}

/// Fails in no time if `future` hangs, for the clock of the tests is paused.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(365 * 24 * 3600), future)
        .await
        .expect("hangs")
}

/// Asserts that no request has come, and returns the handle's request otherwise.
#[track_caller]
pub(crate) fn assert_no_call(inner: &mut Inner) {
    assert!(inner.poll_request().is_pending(), "unexpected call");
}

/// Counts how often a future is polled.
pub(crate) struct Polls<F>(pub(crate) Pin<Box<F>>, pub(crate) Arc<AtomicUsize>);

impl<F: Future> Future for Polls<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.as_mut().poll(cx)
    }
}
