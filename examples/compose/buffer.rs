//! Over a service that is not `Clone`, such as one with tower's `RateLimit`: a `Buffer` between.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{BoxError, Service, ServiceBuilder};
use tower_backoff::BackoffLayer;
use tower_circuit_breaker::CircuitBreakerLayer;

type Request = http::Request<Full<Bytes>>;
type Response = http::Response<Incoming>;

/// A hundred requests a second, and up to 64 that wait. Call it in a tokio runtime.
#[must_use]
pub fn client()
-> impl Service<Request, Response = Response, Error = BoxError, Future: Send> + Clone + Send {
    ServiceBuilder::new()
        .layer(BackoffLayer::http())
        .layer(CircuitBreakerLayer::http())
        .buffer(64)
        .rate_limit(100, Duration::from_secs(1))
        .service(Client::builder(TokioExecutor::new()).build_http())
}
