use crate::{
    error::{Error, ErrorKind},
    request::Request,
    response::Response,
};
use std::time::Duration;
use tower_backoff::{
    BackoffLayer, Budget, Classify, FromRequest, Overrides, RetryOptions, Verdict,
};

/// An open circuit that asks for a longer wait than this is not worth waiting for: what opened it
/// was no passing fault but, say, a limit per day.
const LONGEST_OPEN_CIRCUIT: Duration = Duration::from_secs(120);

/// Tells a retry layer which of Bedrock's errors are worth another attempt.
///
/// Throttles and full queues wait as throttled; capacity, transient faults and timeouts as
/// transient. A limit per day, the caller's fault and a refused access are final. The wait that an
/// error names goes first.
///
/// The response and the last error are told how many attempts were made.
#[derive(Debug, Clone, Copy, Default)]
pub struct RetryPolicy;

/// A [`BackoffLayer`] with Bedrock's [`RetryPolicy`], which heeds each request's options.
///
/// A quota per minute is a matter of waiting, so time bounds the retries and nothing else: 15
/// minutes for a call, any number of attempts, no budget. A request's own
/// [`timeout`](Request::timeout) or [`max_attempts`](Request::max_attempts) goes first.
#[must_use]
pub fn backoff() -> BackoffLayer<RetryPolicy, FromRequest> {
    BackoffLayer::new(RetryPolicy)
        .replay(FromRequest)
        .max_attempts(u32::MAX)
        .deadline(Duration::from_secs(15 * 60))
        .budget(Budget::unlimited())
}

impl<O> Classify<Response<O>, Error> for RetryPolicy {
    fn classify(&self, result: &Result<Response<O>, Error>) -> Verdict {
        let Err(error) = result else {
            return Verdict::Done;
        };
        let after = error.retry_after();
        match error.kind() {
            ErrorKind::Throttled | ErrorKind::QuotaRejected => Verdict::Throttled { after },
            ErrorKind::CircuitOpen if after.is_none_or(|wait| wait <= LONGEST_OPEN_CIRCUIT) => {
                Verdict::Throttled { after }
            }
            ErrorKind::Capacity | ErrorKind::Transient | ErrorKind::Timeout => {
                Verdict::Transient { after }
            }
            _ => Verdict::Done,
        }
    }

    fn finished(&self, result: &mut Result<Response<O>, Error>, attempts: u32) {
        match result {
            Ok(response) => response.set_attempts(attempts),
            Err(error) => error.set_attempts(attempts),
        }
    }
}

impl<I> RetryOptions for Request<I> {
    fn overrides(&self) -> Overrides {
        let mut overrides = Overrides::new();
        if let Some(deadline) = self.options().deadline() {
            overrides = overrides.deadline(deadline);
        }
        if let Some(attempts) = self.options().max_attempts() {
            overrides = overrides.max_attempts(attempts.get());
        }
        overrides
    }
}
