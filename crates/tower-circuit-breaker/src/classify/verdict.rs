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
