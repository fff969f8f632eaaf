use super::verdict::Verdict;

/// Decides what a result says about the service.
///
/// It does not see the request; [`per_request`](crate::CircuitBreakerLayer::per_request) makes one
/// from it.
///
/// Closures `Fn(&Result<Res, E>) -> Verdict` implement it. The service clones its classifier for
/// each call, so keep what is costly to clone behind an `Arc`.
///
/// ```
/// use tower_circuit_breaker::{Classify, Verdict};
///
/// #[derive(Clone)]
/// struct ByStatus;
///
/// impl<E> Classify<u16, E> for ByStatus {
///     fn classify(&self, result: &Result<u16, E>) -> Verdict {
///         match result {
///             Ok(429) => Verdict::throttled(),
///             Ok(400..=499) => Verdict::Ignored,
///             Ok(500..=599) | Err(_) => Verdict::Failure,
///             Ok(_) => Verdict::Success,
///         }
///     }
/// }
/// ```
pub trait Classify<Res, E> {
    /// Classifies a response, or an error of the call or of the inner service's readiness.
    fn classify(&self, result: &Result<Res, E>) -> Verdict;
}

impl<F, Res, E> Classify<Res, E> for F
where
    F: Fn(&Result<Res, E>) -> Verdict,
{
    fn classify(&self, result: &Result<Res, E>) -> Verdict {
        self(result)
    }
}
