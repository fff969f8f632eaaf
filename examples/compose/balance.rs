//! Over tower's `Balance`: a circuit for each backend, which is not ready while it is open, so that the others
//! are chosen.

use bytes::Bytes;
use http::uri::Authority;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::balance::p2c::Balance;
use tower::discover::ServiceList;
use tower::load::{CompleteOnResponse, PendingRequests};
use tower::{BoxError, Service, ServiceBuilder};
use tower_backoff::BackoffLayer;
use tower_circuit_breaker::CircuitBreakerLayer;

type Request = http::Request<Full<Bytes>>;
type Response = http::Response<Incoming>;

/// Sends each attempt to one of the `backends` that are well. Call it in a tokio runtime.
pub fn client(
    backends: impl IntoIterator<Item = Authority>,
) -> impl Service<Request, Response = Response, Error = BoxError, Future: Send> + Clone + Send {
    let backends = backends.into_iter().map(|backend| {
        let service = ServiceBuilder::new()
            .layer(
                CircuitBreakerLayer::http()
                    .consecutive_failures(3)
                    .not_ready_while_open(true),
            )
            .map_err(BoxError::from)
            .map_request(move |req| at(&backend, req))
            .service(Client::builder(TokioExecutor::new()).build_http());
        PendingRequests::new(service, CompleteOnResponse::default())
    });
    ServiceBuilder::new()
        .layer(BackoffLayer::http())
        .buffer(64)
        .service(Balance::new(ServiceList::new::<Request>(
            backends.collect::<Vec<_>>(),
        )))
}

/// The same request, for `backend`.
fn at(backend: &Authority, req: Request) -> Request {
    let (mut parts, body) = req.into_parts();
    let mut uri = std::mem::take(&mut parts.uri).into_parts();
    uri.scheme = Some(http::uri::Scheme::HTTP);
    uri.authority = Some(backend.clone());
    uri.path_and_query
        .get_or_insert_with(|| http::uri::PathAndQuery::from_static("/"));
    // It has all of its parts.
    parts.uri = http::Uri::from_parts(uri).unwrap_or_default();
    Request::from_parts(parts, body)
}
