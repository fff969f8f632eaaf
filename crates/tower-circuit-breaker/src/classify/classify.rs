use super::verdict::Outcome;

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
