//! What the tests share: a scripted service whose answers are words.
#![allow(dead_code)]

use std::future::Future;
use std::time::Duration;

use tower::{BoxError, Layer, Service, ServiceExt};
use tower_circuit_breaker::{CircuitBreakerLayer, Open, Verdict};
use tower_test::mock::{self, Mock};

pub(crate) type Request = &'static str;
pub(crate) type Response = &'static str;
pub(crate) type Handle = mock::Handle<Request, Response>;
pub(crate) type Layered<C, K, Q> =
    tower_circuit_breaker::CircuitBreaker<Mock<Request, Response>, C, K, Q>;

pub(crate) type Classifier = fn(&Result<Response, BoxError>) -> Verdict;
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Reads the verdict from the words of the error.
pub(crate) fn classify(result: &Result<Response, BoxError>) -> Verdict {
    let Err(error) = result else {
        return Verdict::Success;
    };
    let text = error.to_string();
    let mut words = text.split(' ');
    let kind = words.next();
    let retry_after = words
        .next()
        .map(|seconds| Duration::from_secs(seconds.parse().expect("a number of seconds")));
    match kind {
        Some("throttled") => Verdict::Throttled { retry_after },
        Some("exhausted") => Verdict::Exhausted { retry_after },
        Some("ignored") => Verdict::Ignored,
        _ => Verdict::Failure,
    }
}

pub(crate) fn layer() -> CircuitBreakerLayer<Classifier> {
    CircuitBreakerLayer::new(classify as Classifier)
}

pub(crate) fn service<C: Clone, K, Q>(
    layer: &CircuitBreakerLayer<C, K, Q>,
) -> (Layered<C, K, Q>, Handle) {
    let (inner, mut handle) = mock::pair();
    handle.allow(u64::MAX);
    (layer.layer(inner), handle)
}

/// A year on the paused clock: what hangs fails in milliseconds.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(365 * 24 * 60 * 60), future)
        .await
        .expect("it should not hang")
}

/// One call that reaches the inner service, which answers with `answer`: a response, or an error
/// where it starts with `!`.
pub(crate) async fn answered<S>(
    service: &S,
    handle: &mut Handle,
    answer: &'static str,
) -> Result<Response, BoxError>
where
    S: Service<Request, Response = Response, Error = BoxError> + Clone,
{
    let call = service.clone().oneshot("call");
    let serve = async {
        let (_, send) = handle.next_request().await.expect("the call comes");
        match answer.strip_prefix('!') {
            Some(error) => send.send_error(error),
            None => send.send_response(answer),
        }
    };
    soon(async { tokio::join!(call, serve).0 }).await
}

/// One call that is rejected without reaching the inner service.
pub(crate) async fn rejected<S>(service: &S) -> Open
where
    S: Service<Request, Response = Response, Error = BoxError> + Clone,
{
    let error = soon(service.clone().oneshot("call"))
        .await
        .expect_err("an open circuit rejects");
    *error.downcast::<Open>().expect("the rejection is `Open`")
}

pub(crate) async fn advance(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}
