use crate::{
    error::{Error, ErrorKind},
    operation::Operation,
    policy::model_key::key,
    request::Request,
    response::Response,
};
use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
use std::sync::Arc;
use tower_circuit_breaker::{CircuitBreakerLayer, Classify, KeyOf, Throttles, Verdict};

/// Tells a circuit breaker what Bedrock's errors say about a model's health, and which circuit a
/// request belongs to: one for each Region and model id, as Bedrock's quotas go, and one apart for
/// counting a model's tokens.
///
/// A limit per day opens the circuit at once; capacity, transient faults and timeouts count as
/// failures. The caller's own faults and deadlines count neither for nor against the model.
#[derive(Debug, Clone)]
pub struct CircuitPolicy {
    region: Arc<str>,
}

impl CircuitPolicy {
    /// A policy for calls that are sent to `region`.
    #[must_use]
    pub fn new(region: impl Into<Arc<str>>) -> Self {
        Self {
            region: region.into(),
        }
    }

    /// A [`CircuitBreakerLayer`] with this policy: a circuit per model.
    ///
    /// A throttle does not trip these circuits unless it names the day: the model is well, and
    /// waiting out a limit per minute is the retry layer's work.
    #[must_use]
    pub fn layer(self) -> CircuitBreakerLayer<Self, Self, Arc<str>> {
        CircuitBreakerLayer::new(self.clone())
            .key_by::<Request<ConverseInput>, _>(self)
            // Two layers would answer one throttle otherwise, and a busy model look like a sick one.
            .throttles(Throttles::Ignored)
    }
}

/// A [`CircuitBreakerLayer`] with Bedrock's [`CircuitPolicy`]: a circuit per model in `region`; see
/// [`CircuitPolicy::layer`].
#[must_use]
pub fn circuit_breaker_layer(
    region: impl Into<Arc<str>>,
) -> CircuitBreakerLayer<CircuitPolicy, CircuitPolicy, Arc<str>> {
    CircuitPolicy::new(region).layer()
}

impl<O> Classify<Response<O>, Error> for CircuitPolicy {
    fn classify(&self, result: &Result<Response<O>, Error>) -> Verdict {
        let Err(error) = result else {
            return Verdict::Success;
        };
        let retry_after = error.retry_after();
        match error.kind() {
            ErrorKind::Throttled => Verdict::Throttled { retry_after },
            ErrorKind::Exhausted => Verdict::Exhausted { retry_after },
            ErrorKind::Capacity | ErrorKind::Transient | ErrorKind::Timeout => Verdict::Failure,
            // None of them says anything of the model: the caller is at fault or in a hurry, a layer
            // of ours answered in its place, or nobody knows.
            ErrorKind::DeadlineExceeded
            | ErrorKind::Invalid
            | ErrorKind::AccessDenied
            | ErrorKind::CircuitOpen
            | ErrorKind::NotCached
            | ErrorKind::QuotaRejected
            | ErrorKind::Other => Verdict::Ignored,
        }
    }
}

impl<I: Operation> KeyOf<Request<I>> for CircuitPolicy {
    type Key = Arc<str>;

    fn key(&self, request: &Request<I>) -> Arc<str> {
        key(&self.region, request)
    }
}
