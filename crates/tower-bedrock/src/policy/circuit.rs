use crate::{
    error::{Error, ErrorKind, Stalled},
    operation::Operation,
    policy::model_key::key,
    region::IntoRegion,
    request::Request,
    response::{End, OnEnd, Reply},
};
use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
use std::{error::Error as _, sync::Arc, time::Duration};
use tower_backoff::AttemptTimeout;
use tower_circuit_breaker::{
    CircuitBreakerLayer, Classify, KeyOf, Outage, Outcome, Throttles, Verdict,
};

/// A token or so in ten milliseconds is 36,000 of them, more than an agent asks for. Two attempts and
/// the waits between them stay below 15 minutes.
pub(crate) const LONGEST_ANSWER: Duration = Duration::from_secs(360);

/// Tells a circuit breaker what Bedrock's errors say about a model's health, and which circuit a
/// request belongs to: one for each Region and model id, as Bedrock's quotas go, and one apart for
/// counting a model's tokens.
///
/// Capacity, transient faults and timeouts count as failures. The caller's own faults and deadlines
/// count neither for nor against the model. Nor do its quotas, per minute or per day: what is left of
/// a day may be too little for one call and enough for others, and the quota layer turns away those
/// that it is too little for. Nor does what may be:
///
/// - a model that failed at one prompt (424), such as by an invalid sequence in its tool use: the next
///   prompt is answered, as a rule, and this one never;
/// - an attempt that timed out sooner than the [longest answer](Self::longest_answer) takes;
/// - credentials that could not be had.
///
/// A stream is a success when it has begun, and as slow as its beginning. One that breaks off or stalls takes
/// that back and is a failure; one that its reader leaves counts as a call that was given up.
#[derive(Debug, Clone)]
pub struct CircuitPolicy {
    region: Arc<str>,
    longest_answer: Duration,
}

impl CircuitPolicy {
    /// A policy for calls that are sent to `region`. A request that [says otherwise](crate::Options::region) counts
    /// in the Region that it names.
    #[must_use]
    pub fn new(region: impl IntoRegion) -> Self {
        Self {
            region: region.into_region(),
            longest_answer: LONGEST_ANSWER,
        }
    }

    /// Sets how long the longest answer takes: an attempt that was given less and timed out says
    /// nothing about the model, one that was given as much found a model that hangs. Default:
    /// 6 minutes, as the stack's attempt timeout.
    ///
    /// Tell it where answers are short, along with a short
    /// [attempt timeout](crate::StackLayer::attempt_timeout), to have circuits open sooner. A timeout
    /// of the SDK's own configuration does not say how long it was, and counts for nothing.
    #[must_use]
    pub const fn longest_answer(mut self, time: Duration) -> Self {
        self.longest_answer = time;
        self
    }

    /// A [`CircuitBreakerLayer`] with this policy: a circuit per model.
    ///
    /// A circuit opens when the model is [down altogether](Outage), and not while a part of the calls
    /// succeeds: 50 failures over 5 seconds, or without an answer for as long as the
    /// [longest](Self::longest_answer) takes. All else is the layer's default: it is open for 2 to 10
    /// seconds at a time, then a probe goes out, another one every 10 seconds while none is answered;
    /// after the first answer the calls grow from a tenth to all within 10 seconds.
    ///
    /// A throttle does not trip these circuits: the model is well. Waiting out a limit per minute is
    /// the retry layer's work, and turning away what exceeds a limit per day is the quota layer's.
    /// Without that each such call is sent, refused at once, and not retried.
    #[must_use]
    pub fn layer(self) -> CircuitBreakerLayer<Self, Self, Arc<str>> {
        // Until then the answers to the first calls may all be still to come.
        let outage = Outage::new().without_success(self.longest_answer);
        CircuitBreakerLayer::new(self.clone())
            .key_by::<Request<ConverseInput>, _>(self)
            .outage(outage)
            // Two layers would answer one throttle otherwise, and a busy model look like a sick one.
            .throttles(Throttles::Ignored)
    }
}

/// A [`CircuitBreakerLayer`] with Bedrock's [`CircuitPolicy`]: a circuit per model in `region`; see
/// [`CircuitPolicy::layer`].
#[must_use]
pub fn circuit_breaker_layer(
    region: impl IntoRegion,
) -> CircuitBreakerLayer<CircuitPolicy, CircuitPolicy, Arc<str>> {
    CircuitPolicy::new(region).layer()
}

impl<R: Reply> Classify<R, Error> for CircuitPolicy {
    fn classify(&self, result: &Result<R, Error>) -> Verdict {
        match result {
            // It has begun, and may break off yet.
            Ok(_) if R::STREAMS => Verdict::Later,
            Ok(_) => Verdict::Success,
            Err(error) => self.verdict(error),
        }
    }

    fn later(&self, result: &mut Result<R, Error>, outcome: Outcome) {
        if let Ok(Some(ends)) = result.as_ref().map(Reply::ends) {
            ends.add(Box::new(Later {
                policy: self.clone(),
                outcome,
            }));
        }
    }
}

/// Tells a circuit how a stream ended. Dropped with the stream it is a call that was given up.
struct Later {
    policy: CircuitPolicy,
    outcome: Outcome,
}

impl OnEnd for Later {
    fn end(self: Box<Self>, end: &mut End) {
        let verdict = match &end.result {
            Ok(()) => Verdict::Success,
            Err(error) => self.policy.verdict(error),
        };
        self.outcome.record(verdict);
    }
}

impl CircuitPolicy {
    fn verdict(&self, error: &Error) -> Verdict {
        let retry_after = error.retry_after();
        match error.kind() {
            ErrorKind::Throttled | ErrorKind::Exhausted => Verdict::Throttled { retry_after },
            ErrorKind::Capacity => Verdict::Failure,
            ErrorKind::Transient if error.failed_in_the_model() || error.lacked_credentials() => {
                Verdict::Ignored
            }
            ErrorKind::Transient | ErrorKind::Truncated => Verdict::Failure,
            ErrorKind::Timeout if self.found_a_hang(error) => Verdict::Failure,
            ErrorKind::Timeout => Verdict::Ignored,
            // None of them says anything of the model: the caller is at fault or in a hurry, a layer
            // of ours answered in its place, or nobody knows.
            ErrorKind::DeadlineExceeded
            | ErrorKind::Invalid
            | ErrorKind::AccessDenied
            | ErrorKind::CircuitOpen
            | ErrorKind::NotCached
            | ErrorKind::QuotaRejected
            | ErrorKind::Closed
            | ErrorKind::Other => Verdict::Ignored,
        }
    }

    fn found_a_hang(&self, error: &Error) -> bool {
        let source = error.source();
        if let Some(stalled) = source.and_then(|source| source.downcast_ref::<Stalled>()) {
            return stalled.limit >= self.longest_answer;
        }
        // Bedrock's own word for it, or a gateway's.
        if error.status().is_some() {
            return true;
        }
        match source.and_then(|source| source.downcast_ref::<AttemptTimeout>()) {
            Some(timeout) => timeout.limit() >= self.longest_answer,
            // Without a source it is made by hand: nobody knows of a limit.
            None => source.is_none(),
        }
    }
}

impl<I: Operation> KeyOf<Request<I>> for CircuitPolicy {
    type Key = Arc<str>;

    fn key(&self, request: &Request<I>) -> Arc<str> {
        key(&self.region, request)
    }
}
