//! Around the channel of a client of gRPC, as tonic generates them: services of `http::Request`s whose answers
//! are always 200, and whose status is in the fields `grpc-status`, or in the trailers.
//!
//! A layer sees the head of an answer. That is where a call that failed before it did anything says so
//! (a *trailers-only* answer); what fails later is in the trailers, and for the caller alone.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::Full;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_backoff::{BackoffLayer, HttpClassifier as Again, Verdict};
use tower_circuit_breaker::{
    CircuitBreakerLayer, HttpClassifier as Health, Open, Verdict as State,
};
use tower_quota::{Limit, QuotaLayer};

type Request = http::Request<Full<Bytes>>;

const DEADLINE_EXCEEDED: u32 = 4;
const RESOURCE_EXHAUSTED: u32 = 8;
const INTERNAL: u32 = 13;
const UNAVAILABLE: u32 = 14;

/// Puts the layers around `channel`.
pub fn layered<S, B>(
    channel: S,
) -> impl Service<Request, Response = http::Response<B>, Error = BoxError, Future: Send> + Clone + Send
where
    S: Service<Request, Response = http::Response<B>, Error: Into<BoxError>, Future: Send>,
    S: Clone + Send,
    B: Send,
{
    ServiceBuilder::new()
        .layer(BackoffLayer::per_request(again()))
        .layer(CircuitBreakerLayer::new(health()).consecutive_failures(5))
        .layer(QuotaLayer::http(Limit::calls_per_minute(6_000)))
        .map_err(Into::into)
        .service(channel)
}

/// All calls are POSTs, and the status says which were not carried out.
fn again() -> Again {
    Again::new()
        .status(|_, headers| {
            let verdict = match code(headers)? {
                RESOURCE_EXHAUSTED => Verdict::throttled(),
                UNAVAILABLE => Verdict::transient(),
                _ => Verdict::Done,
            };
            Some(match pushback(headers) {
                Some(wait) => verdict.retry_after(wait),
                None => verdict,
            })
        })
        .error(|open: &Open| Some(Verdict::rejected().retry_after(open.retry_after())))
}

fn health() -> Health {
    let of = |status: StatusCode, headers: &HeaderMap| {
        let verdict = match code(headers) {
            Some(RESOURCE_EXHAUSTED) => State::throttled(),
            Some(DEADLINE_EXCEEDED | INTERNAL | UNAVAILABLE) => State::Failure,
            Some(0) => State::Success,
            Some(_) => State::Ignored,
            // The status comes in the trailers: a good beginning, unless no gRPC server answered.
            None => return (status == StatusCode::OK).then_some(State::Success),
        };
        Some(match pushback(headers) {
            Some(wait) => verdict.retry_after(wait),
            None => verdict,
        })
    };
    Health::new().status(of)
}

fn code(headers: &HeaderMap) -> Option<u32> {
    headers.get("grpc-status")?.to_str().ok()?.parse().ok()
}

/// When the server wants to be asked again (gRPC's proposal A6).
fn pushback(headers: &HeaderMap) -> Option<Duration> {
    let millis = headers.get("grpc-retry-pushback-ms")?.to_str().ok()?;
    millis.parse().ok().map(Duration::from_millis)
}

/// A client as tonic would generate it, of a service with one method.
#[derive(Clone, Debug)]
pub struct Greeter<S> {
    channel: S,
    base: String,
}

impl<S, B> Greeter<S>
where
    S: Service<Request, Response = http::Response<B>, Error = BoxError> + Clone,
    B: http_body_util::BodyExt<Data = Bytes, Error: Into<BoxError>>,
{
    /// The service at `base`.
    pub fn new(base: String, channel: S) -> Self {
        Self { channel, base }
    }

    /// # Errors
    ///
    /// If there is no answer, or its status is not 0.
    pub async fn say_hello(&self, name: &'static str) -> Result<Bytes, BoxError> {
        let req = http::Request::post(format!("{}/greeter/SayHello", self.base));
        let req = req
            .header("content-type", "application/grpc")
            .body(Full::from(name))?;
        let (head, body) = self.channel.clone().oneshot(req).await?.into_parts();
        let body = body.collect().await.map_err(Into::into)?;
        let trailers = body.trailers().and_then(code);
        match code(&head.headers).or(trailers) {
            Some(0) => Ok(body.to_bytes()),
            Some(code) => Err(format!("grpc-status {code}").into()),
            None => Err(format!("no gRPC: {}", head.status).into()),
        }
    }
}
