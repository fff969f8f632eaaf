//! A hyper client that waits for its quota, fails fast while the server is down, and tries again.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{BoxError, ServiceBuilder, util::BoxCloneSyncService};
use tower_backoff::{BackoffLayer, HttpClassifier as Again, Verdict};
use tower_circuit_breaker::{CircuitBreakerLayer, HttpClassifier as Health, Open};
use tower_quota::{Limit, QuotaLayer, Rejected};

type Http = BoxCloneSyncService<http::Request<Full<Bytes>>, http::Response<Incoming>, BoxError>;

/// A client of one server, below 6,000 requests a minute.
pub fn client() -> Http {
    let again =
        Again::new().error(|open: &Open| Some(Verdict::rejected().retry_after(open.retry_after())));
    let health = Health::new().error(|_: &Rejected| Some(tower_circuit_breaker::Verdict::Ignored));
    ServiceBuilder::new()
        .boxed_clone_sync()
        .layer(BackoffLayer::per_request(again))
        .layer(CircuitBreakerLayer::new(health).consecutive_failures(5))
        .layer(QuotaLayer::http(Limit::calls_per_minute(6_000)))
        .map_err(BoxError::from)
        .service(Client::builder(TokioExecutor::new()).build_http())
}
