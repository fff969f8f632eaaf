use super::verdict::Verdict;
use crate::shared::Outcome;

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

    /// Takes what tells the end of a call that was classified as [`Verdict::Later`], such as into a
    /// stream that is the response, before the caller gets it. Default: drops it, so that the call
    /// counts as abandoned at once.
    ///
    /// ```
    /// use tower_circuit_breaker::{Classify, Outcome, Verdict};
    ///
    /// struct Download {
    ///     rest: u32,
    ///     outcome: Option<Outcome>,
    /// }
    ///
    /// impl Download {
    ///     fn next(&mut self) -> Option<u32> {
    ///         self.rest = self.rest.saturating_sub(1);
    ///         if self.rest == 0 {
    ///             if let Some(outcome) = self.outcome.take() {
    ///                 outcome.record(Verdict::Success);
    ///             }
    ///             return None;
    ///         }
    ///         Some(self.rest)
    ///     }
    /// }
    ///
    /// #[derive(Clone)]
    /// struct ByEnd;
    ///
    /// impl<E> Classify<Download, E> for ByEnd {
    ///     fn classify(&self, result: &Result<Download, E>) -> Verdict {
    ///         match result {
    ///             Ok(_) => Verdict::Later,
    ///             Err(_) => Verdict::Failure,
    ///         }
    ///     }
    ///
    ///     fn later(&self, result: &mut Result<Download, E>, outcome: Outcome) {
    ///         if let Ok(download) = result {
    ///             download.outcome = Some(outcome);
    ///         }
    ///     }
    /// }
    /// ```
    fn later(&self, result: &mut Result<Res, E>, outcome: Outcome) {
        let _ = result;
        drop(outcome);
    }
}

impl<F, Res, E> Classify<Res, E> for F
where
    F: Fn(&Result<Res, E>) -> Verdict,
{
    fn classify(&self, result: &Result<Res, E>) -> Verdict {
        self(result)
    }
}
