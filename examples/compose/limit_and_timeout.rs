//! With tower's `ConcurrencyLimit` and `Timeout`: inside the layers, so that a retry that sleeps holds no
//! permit, and each attempt has a time of its own.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{BoxError, Service, ServiceBuilder, timeout::error::Elapsed};
use tower_backoff::{BackoffLayer, HttpClassifier, Verdict};
use tower_circuit_breaker::CircuitBreakerLayer;

type Request = http::Request<Full<Bytes>>;
type Response = http::Response<Incoming>;

/// At most `calls` at a time, each attempt for `timeout` at most. One that timed out is made once more.
#[must_use]
pub fn client(
    calls: usize,
    timeout: Duration,
) -> impl Service<Request, Response = Response, Error = BoxError, Future: Send> + Clone + Send {
    let again = HttpClassifier::new().error(|_: &Elapsed| Some(Verdict::costly()));
    ServiceBuilder::new()
        .layer(BackoffLayer::per_request(again))
        .layer(CircuitBreakerLayer::http())
        .concurrency_limit(calls)
        .timeout(timeout)
        .service(Client::builder(TokioExecutor::new()).build_http())
}
