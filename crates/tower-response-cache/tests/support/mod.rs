//! A policy that is told what to do by the words of requests and responses.

#![allow(dead_code)]

pub(crate) mod elsewhere;
pub(crate) mod fleet;
pub(crate) mod interfering;
pub(crate) mod ordered;
pub(crate) mod rules;
pub(crate) mod streams;

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

/// How long an answer that begins with `lasting` is good beyond its lifetime, in the background and
/// in the place of errors.
pub(crate) const REVALIDATE: Duration = Duration::from_secs(30);
pub(crate) const IF_ERROR: Duration = Duration::from_secs(90);
/// How long an error that is kept is kept.
pub(crate) const ERROR_TTL: Duration = Duration::from_secs(5);

/// The first word of a request is its key, the second says what to do: `refresh`, `bypass`,
/// `no-store`, `only-if-cached`, `short`; with `red` or `blue` the answer has no other tag. A response is not kept if it begins with `passing`, and not
/// shared if it begins with `stream`; `tagged red` has the tag `red`. An error is shared if it begins
/// with `shared` or `kept`, kept if it begins with `kept`, and worse than a stale answer if it ends
/// with `throttled`.
#[derive(Debug)]
pub(crate) struct Words;

impl Policy<Request, String, BoxError> for Words {
    type Key = Key;
    type Value = Value;
    type Context = Request;

    fn lookup(&self, req: &Request) -> Lookup<Key> {
        let (key, word) = req.split_once(' ').unwrap_or((req, ""));
        match word {
            "refresh" => Lookup::Refresh(key),
            "bypass" => Lookup::Bypass,
            _ => Lookup::Use(key),
        }
    }

    fn context(&self, req: &Request) -> Request {
        req
    }

    fn possible_tags(&self, req: &Request) -> Option<Arc<[Arc<str>]>> {
        let (_, word) = req.split_once(' ')?;
        ["red", "blue"]
            .contains(&word)
            .then(|| [word.into()].into())
    }

    fn absent(&self, req: &Request) -> Option<Result<String, BoxError>> {
        let result = match req.split_once(' ')?.1 {
            "only-if-cached" => Err("absent".into()),
            "only-if-cached or-nothing" => Ok("nothing".to_owned()),
            _ => return None,
        };
        Some(result)
    }

    fn keep(&self, context: &Request, res: &String) -> Option<Keep> {
        assert!(!res.starts_with("panic in keep"), "keep");
        if context.ends_with(" no-store") || res.starts_with("passing") {
            return None;
        }
        if context.ends_with(" short") {
            return Some(Keep::new(Duration::from_secs(1)));
        }
        let keep = Keep::new(TTL).with_tags(res.strip_prefix("tagged "));
        Some(if res.starts_with("lasting") {
            keep.stale_while_revalidate(REVALIDATE)
                .stale_if_error(IF_ERROR)
        } else {
            keep
        })
    }

    fn share(&self, res: &String) -> Option<Value> {
        assert!(!res.starts_with("panic in share"), "share");
        (!res.starts_with("stream")).then(|| Ok(res.clone()))
    }

    fn share_error(&self, _: &Request, err: &BoxError) -> Option<Value> {
        let message = err.to_string();
        let shared = message.starts_with("shared") || message.starts_with("kept");
        shared.then_some(Err(message))
    }

    fn keep_error(&self, _: &Request, err: &BoxError) -> Option<Keep> {
        let kept = err.to_string().starts_with("kept");
        kept.then(|| Keep::new(ERROR_TTL))
    }

    fn stale_if_error(&self, _: &Request, err: &BoxError) -> bool {
        err.to_string().ends_with("throttled")
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

/// Lets the service answer its next call.
pub(crate) async fn answer(inner: &mut Inner, response: &str) {
    let (_, reply) = soon(inner.next_request()).await.expect("a call");
    reply.send_response(response.to_owned());
}

/// Lets the next call of the service fail.
pub(crate) async fn fail(inner: &mut Inner, message: &'static str) {
    let (_, reply) = soon(inner.next_request()).await.expect("a call");
    reply.send_error(message);
}

/// Lets the tasks in the background run.
pub(crate) async fn others_run() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

/// Fails in no time if `future` hangs, for the clock of the tests is paused.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(365 * 24 * 3600), future)
        .await
        .expect("hangs")
}

/// Asserts that no request has come.
#[track_caller]
pub(crate) fn assert_no_call<T>(inner: &mut mock::Handle<Request, T>) {
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
