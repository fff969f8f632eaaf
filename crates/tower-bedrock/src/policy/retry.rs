use crate::{
    error::{Error, ErrorKind},
    request::{Attempts, Request},
    response::Reply,
};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tower_backoff::{
    BackoffLayer, Budget, Classify, FromRequest, MakeClassifier, Overrides, PerRequest,
    RetryOptions, Verdict,
};

/// The longest wait that a quota per minute explains.
const MINUTE: Duration = Duration::from_secs(60);

/// Tells a retry layer which of Bedrock's errors are worth another attempt.
///
/// Throttles wait as throttled; capacity and transient faults as transient. What the model had begun
/// is charged though it failed, and may be the prompt's fault: after a time-out, a 424 or an answer
/// that broke off there is one more attempt
/// ([costly](tower_backoff::BackoffLayer::max_costly_attempts)). An open circuit is waited for, at the
/// cost of no attempt. A limit per day, the caller's fault, a refused access and a deadline are final.
/// So is a quota layer's rejection, since it means that the caller would not wait.
///
/// A wait that the error names comes before the layer's own, if it is a minute at most: a quota per
/// minute explains no longer one. Beyond that the call fails at once, and the error's
/// [`retry_after`](Error::retry_after) tells the wait.
///
/// The response, or the last error, says how many attempts were made; one that a layer rejected was
/// not. An error that ends a call without another attempt has what the last one failed with as its source.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    open_circuit: Duration,
}

impl RetryPolicy {
    /// Waits for open circuits 5 seconds in all: a short fault is waited out, an outage fails fast.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            open_circuit: Duration::from_secs(5),
        }
    }

    /// Sets how long one call waits for open circuits in all, before it fails with what the last one
    /// said: the [`rejected_wait`](BackoffLayer::rejected_wait) of the layers made of this policy.
    /// Default: 5 seconds.
    ///
    /// Work that nobody waits for can outlast an outage with more. A circuit that a limit per day
    /// opened is not waited for, whatever is set here.
    #[must_use]
    pub const fn open_circuit(mut self, in_all: Duration) -> Self {
        self.open_circuit = in_all;
        self
    }

    /// A [`BackoffLayer`] with this policy, which heeds each request's options.
    ///
    /// For a stack without a quota layer. A limit per minute passes if one waits, so only time bounds
    /// the retries: 15 minutes a call, any number of attempts, no budget. A request's own
    /// [`timeout`](Request::timeout) or [`max_attempts`](Request::max_attempts) overrides that.
    #[must_use]
    pub fn layer(self) -> BackoffLayer<Self, FromRequest, PerRequest> {
        self.unbounded()
            .max_attempts(u32::MAX)
            .deadline(Duration::from_secs(15 * 60))
    }

    /// A [`BackoffLayer`] with this policy for a stack that paces its calls by a quota layer inside.
    ///
    /// There a call may wait long for its turn, and must not be given up at its first throttle because
    /// of that. So attempts bound the retries and not time: 12 in all. The waits between them come to
    /// about five minutes at most, beside the waits for a turn. A request's own
    /// [`timeout`](Request::timeout) or [`max_attempts`](Request::max_attempts) overrides that.
    #[must_use]
    pub fn layer_over_quota(self) -> BackoffLayer<Self, FromRequest, PerRequest> {
        self.unbounded().max_attempts(12)
    }

    // No budget: that bounds retries as a share of the calls, and in a batch that runs into its limit
    // nearly every call is throttled once.
    fn unbounded(self) -> BackoffLayer<Self, FromRequest, PerRequest> {
        BackoffLayer::per_request(self)
            .replay(FromRequest)
            .budget(Budget::unlimited())
            .max_hint(MINUTE)
            .rejected_wait(self.open_circuit)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

/// A [`BackoffLayer`] with Bedrock's [`RetryPolicy`]; see [`RetryPolicy::layer`].
#[must_use]
pub fn backoff_layer() -> BackoffLayer<RetryPolicy, FromRequest, PerRequest> {
    RetryPolicy::new().layer()
}

impl<R: Reply> Classify<R, Error> for RetryPolicy {
    fn classify(&self, result: &Result<R, Error>) -> Verdict {
        let Err(error) = result else {
            return Verdict::Done;
        };
        let retry_after = error.retry_after();
        match error.kind() {
            ErrorKind::Throttled => Verdict::Throttled {
                // A retry waits for the ledger's turn anyhow: its estimate is no reason to give up.
                retry_after: match retry_after {
                    Some(wait) if error.is_wait_suggested() => Some(wait.min(MINUTE)),
                    asked => asked,
                },
            },
            // Whoever reads a stream inside of the retries has a part of an answer to begin anew.
            ErrorKind::Timeout | ErrorKind::Truncated => Verdict::Costly { retry_after },
            ErrorKind::Transient if error.began_in_the_model() => Verdict::Costly { retry_after },
            ErrorKind::Capacity | ErrorKind::Transient => Verdict::Transient { retry_after },
            ErrorKind::CircuitOpen => Verdict::Rejected { retry_after },
            // Another attempt meets the same limit, the same fault or the same deadline; and where a
            // quota asks for more than the caller would wait, it comes to nothing.
            ErrorKind::Exhausted
            | ErrorKind::DeadlineExceeded
            | ErrorKind::Invalid
            | ErrorKind::AccessDenied
            | ErrorKind::NotCached
            | ErrorKind::QuotaRejected
            | ErrorKind::Closed
            | ErrorKind::Other => Verdict::Done,
        }
    }
}

impl<I, R: Reply> MakeClassifier<Request<I>, R, Error> for RetryPolicy {
    type Classifier = OneCall;

    fn make_classifier(&self, request: &Request<I>) -> OneCall {
        let attempts = request.options().attempts.clone().unwrap_or_default();
        attempts.begin();
        OneCall {
            policy: *self,
            attempts,
        }
    }
}

/// What a [`RetryPolicy`] judges one call by. It notes what the attempts came to.
#[derive(Debug)]
pub struct OneCall {
    policy: RetryPolicy,
    attempts: Arc<Attempts>,
}

impl<R: Reply> Classify<R, Error> for OneCall {
    fn classify(&self, result: &Result<R, Error>) -> Verdict {
        self.attempts.ended(result.as_ref().err());
        self.policy.classify(result)
    }

    fn finished(&self, result: &mut Result<R, Error>, _: u32) {
        match result {
            Ok(response) => {
                let made = self.attempts.made().and_then(NonZeroU32::new);
                // It was answered, so there was one.
                response.meta_mut().attempts = made.unwrap_or(NonZeroU32::MIN);
            }
            Err(error) => self.attempts.explain(error),
        }
    }
}

impl<I> RetryOptions for Request<I> {
    fn overrides(&self) -> Overrides {
        let mut overrides = Overrides::new();
        let options = self.options();
        let bounds = [options.deadline(), options.start_by()];
        if let Some(deadline) = bounds.into_iter().flatten().min() {
            overrides = overrides.deadline(deadline);
        }
        if let Some(attempts) = options.max_attempts() {
            overrides = overrides.max_attempts(attempts.get());
        }
        overrides
    }
}
