use std::time::Duration;

/// What one result says about the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The service is well.
    Success,
    /// The service is unwell: a server error, a timeout, a lost connection.
    Failure,
    /// The service asked for less. Counted as [`Throttles`](crate::Throttles) says.
    Throttled {
        /// How long the service asked to wait. A circuit that this call opens stays open for at
        /// least as long.
        retry_after: Option<Duration>,
    },
    /// Nothing will succeed for long, such as a daily quota that is used up. Opens the circuit at
    /// once.
    Exhausted {
        /// How long the circuit stays open; without it, as long as
        /// [`exhausted_for`](crate::CircuitBreakerLayer::exhausted_for) says.
        retry_after: Option<Duration>,
    },
    /// The result says nothing about the service, such as a request it rightly refused. Neither
    /// counted nor the end of a run of failures; a probe gives its place back.
    Ignored,
}

/// Decides what a result says about the service.
///
/// Closures `Fn(&Result<Res, E>) -> Outcome` implement it. The service clones its classifier for
/// each call, so keep what is costly to clone behind an `Arc`.
pub trait Classify<Res, E> {
    /// Classifies a response, or an error of the call or of the inner service's readiness.
    fn classify(&self, result: &Result<Res, E>) -> Outcome;
}

impl<F, Res, E> Classify<Res, E> for F
where
    F: Fn(&Result<Res, E>) -> Outcome,
{
    fn classify(&self, result: &Result<Res, E>) -> Outcome {
        self(result)
    }
}
