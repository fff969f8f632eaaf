use super::verdict::Verdict;

/// Decides whether the result of an attempt is worth another one.
///
/// Closures `Fn(&Result<Res, E>) -> Verdict` implement it. Nothing is retried but what the
/// classifier marks: there is no default that retries every error.
///
/// Each call gets a clone, so keep what is costly to clone behind an `Arc`. For one that sees the
/// request there is [`MakeClassifier`](crate::MakeClassifier).
///
/// ```
/// use tower_backoff::{Classify, Verdict};
///
/// #[derive(Clone)]
/// struct ByStatus;
///
/// impl<E> Classify<u16, E> for ByStatus {
///     fn classify(&self, result: &Result<u16, E>) -> Verdict {
///         match result {
///             Ok(429) => Verdict::throttled(),
///             Ok(500..=599) => Verdict::transient(),
///             _ => Verdict::Done,
///         }
///     }
/// }
/// ```
pub trait Classify<Res, E> {
    /// Judges one attempt, the first included. Runs once per attempt.
    fn classify(&self, result: &Result<Res, E>) -> Verdict;

    /// Sees a call that ends as [`Rejected`](Verdict::Rejected) although attempts were made, and the
    /// error of the last of these.
    ///
    /// A place to note in the rejection what went wrong before. Does nothing by default.
    fn rejected_after(&self, rejection: &mut Result<Res, E>, made: E) {
        let _ = (rejection, made);
    }

    /// Sees the result that goes to the caller, and how many attempts it took (1 or more).
    ///
    /// A place to note the count in the response or the error. Does nothing by default. Not called
    /// if the caller drops the future before it is done.
    fn finished(&self, result: &mut Result<Res, E>, attempts: u32) {
        let _ = (result, attempts);
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
