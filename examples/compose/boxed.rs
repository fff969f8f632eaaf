//! In a struct of one's own: a `BoxCloneSyncService` has a name, and tests put another one in its place.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt};
use tower_backoff::BackoffLayer;
use tower_circuit_breaker::CircuitBreakerLayer;
use tower_quota::{Limit, QuotaLayer};

type Request = http::Request<Full<Bytes>>;
type Response = http::Response<Bytes>;

/// What the rest of an application knows of a server.
#[derive(Clone, Debug)]
pub struct Api {
    base: String,
    http: BoxCloneSyncService<Request, Response, BoxError>,
}

impl Api {
    /// The server at `base`, below 600 requests a minute.
    #[must_use]
    pub fn new(base: String) -> Self {
        let http = ServiceBuilder::new()
            .layer(BackoffLayer::http())
            .layer(CircuitBreakerLayer::http())
            .layer(QuotaLayer::http(Limit::calls_per_minute(600).burst(20)))
            .and_then(|res: http::Response<hyper::body::Incoming>| async {
                let (parts, body) = res.into_parts();
                let body = body.collect().await?.to_bytes();
                Ok(Response::from_parts(parts, body))
            })
            .map_err(BoxError::from)
            .service(Client::builder(TokioExecutor::new()).build_http());
        Self::with(base, BoxCloneSyncService::new(http))
    }

    /// With another service, such as one that a test plays.
    #[must_use]
    pub fn with(base: String, http: BoxCloneSyncService<Request, Response, BoxError>) -> Self {
        Self { base, http }
    }

    /// What is at `path`.
    ///
    /// # Errors
    ///
    /// If there is no answer, or none that succeeded.
    pub async fn get(&self, path: &str) -> Result<Bytes, BoxError> {
        let req = Request::new(Full::default());
        let (mut parts, body) = req.into_parts();
        parts.uri = format!("{}{path}", self.base).parse()?;
        let res = self
            .http
            .clone()
            .oneshot(Request::from_parts(parts, body))
            .await?;
        match res.status().is_success() {
            true => Ok(res.into_body()),
            false => Err(format!("{path}: {}", res.status()).into()),
        }
    }
}
