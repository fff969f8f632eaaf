//! Calls made within a spawned task: their futures are `Send`, and the compiler sees that.
//!
//! A key with a lifetime in its type, such as `&'static str`, is a case of its own: within an
//! `async` block the compiler forgets that two lifetimes are the same `'static`
//! (rust-lang/rust#102211), and does not find the ledger of the cost's keys any more.

mod support;

use std::future::{Ready, ready};
use std::sync::Arc;

use support::soon;
use tower::limit::ConcurrencyLimitLayer;
use tower::retry::{Policy, RetryLayer};
use tower::{BoxError, ServiceBuilder, ServiceExt};
use tower_quota::{Ask, Cost, Limit, QuotaLayer, Settle};

async fn shout(prompt: String) -> Result<String, BoxError> {
    Ok(prompt.to_uppercase())
}

#[tokio::test(start_paused = true, flavor = "current_thread")]
async fn the_example_of_the_readme_can_be_spawned() {
    let limits = [
        Limit::tokens_per_minute(200_000),
        Limit::calls_per_minute(60),
    ];
    let model: Arc<str> = "my-model".into();
    let quota = QuotaLayer::new(limits, move |prompt: &String| {
        Ask::new(Arc::clone(&model)).tokens(prompt.len() as u64 + 1000)
    });
    let handle = quota.handle();
    let service = ServiceBuilder::new().layer(quota).service_fn(shout);

    let call = tokio::spawn(async move { service.oneshot("hello".to_owned()).await });
    assert_eq!(soon(call).await.unwrap().unwrap(), "HELLO");
    let snapshot = handle.snapshot(&"my-model".into()).unwrap();
    assert_eq!(snapshot.limits[0].used, 1005);
}

/// Asks once more after a failure.
#[derive(Clone)]
struct OnceMore(bool);

impl<Res> Policy<String, Res, BoxError> for OnceMore {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut String, result: &mut Result<Res, BoxError>) -> Option<Ready<()>> {
        (result.is_err() && std::mem::take(&mut self.0)).then(|| ready(()))
    }

    fn clone_request(&mut self, request: &String) -> Option<String> {
        Some(request.clone())
    }
}

/// Keys by number, and counts what the answer is long.
#[derive(Clone)]
struct ByLength;

impl Cost<String, String, BoxError> for ByLength {
    type Key = u32;
    type Context = ();

    fn ask(&self, prompt: &String) -> (Ask<u32>, ()) {
        (Ask::new(7).tokens(prompt.len() as u64), ())
    }

    fn settle(&self, (): &(), result: &mut Result<String, BoxError>) -> Settle {
        result
            .as_ref()
            .map_or(Settle::Refund, |answer| Settle::Used(answer.len() as u64))
    }
}

#[tokio::test(start_paused = true, flavor = "current_thread")]
async fn a_stack_with_keys_by_number_can_be_spawned() {
    let quota = QuotaLayer::new(Limit::tokens_per_minute(600), ByLength);
    let handle = quota.handle();
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(OnceMore(true)))
        .layer(ConcurrencyLimitLayer::new(3))
        .layer(quota)
        .service_fn(shout);
    let call = tokio::spawn(async move { service.oneshot("hello".to_owned()).await });
    assert_eq!(soon(call).await.unwrap().unwrap(), "HELLO");
    assert_eq!(handle.snapshot(&7).unwrap().total_used, 5);
}

#[tokio::test(start_paused = true, flavor = "current_thread")]
async fn static_text_as_a_key_can_be_spawned_by_itself_or_boxed() {
    let quota = QuotaLayer::new(Limit::calls_per_minute(600), |_: &String| {
        Ask::new("my-model")
    });
    let handle = quota.handle();
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(OnceMore(true)))
        .layer(quota)
        .service_fn(shout);
    // No `async` block around it, or a type that does not name the key.
    let one = tokio::spawn(service.clone().oneshot("one".to_owned()));
    let boxed = service.boxed_clone();
    let two = tokio::spawn(async move { boxed.oneshot("two".to_owned()).await });
    assert_eq!(soon(one).await.unwrap().unwrap(), "ONE");
    assert_eq!(soon(two).await.unwrap().unwrap(), "TWO");
    assert_eq!(handle.snapshot(&"my-model").unwrap().limits[0].used, 2);
}
