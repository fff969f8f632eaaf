use std::time::Duration;

use tower_layer::Layer;

use super::AttemptTimeoutService;

/// Ends an attempt that takes too long with [`AttemptTimeout`](super::AttemptTimeout).
///
/// Inside a [`BackoffLayer`](crate::BackoffLayer) the limit is for each attempt, and the classifier
/// decides whether a timed out attempt is worth another one. The time runs from the call to the
/// response; what the response streams afterwards is not limited. The inner service's error has to be
/// `From<AttemptTimeout>`, as `BoxError` is.
///
/// # Panics
///
/// A call that has a limit needs a tokio runtime with its timer around it, and panics without one.
///
/// ```
/// use std::time::Duration;
/// use tower_backoff::AttemptTimeoutLayer;
///
/// let for_all = AttemptTimeoutLayer::new(Duration::from_secs(30));
/// let by_request = AttemptTimeoutLayer::new(|prompt: &String| {
///     Some(Duration::from_millis(prompt.len() as u64))
/// });
/// ```
#[derive(Clone, Debug)]
pub struct AttemptTimeoutLayer<T = Duration> {
    limit: T,
}

impl<T> AttemptTimeoutLayer<T> {
    /// A `Duration` for all requests, or a closure `Fn(&Req) -> Option<Duration>` that gives each
    /// its own, with `None` for no limit.
    #[must_use]
    pub const fn new(limit: T) -> Self {
        Self { limit }
    }
}

impl<S, T: Clone> Layer<S> for AttemptTimeoutLayer<T> {
    type Service = AttemptTimeoutService<S, T>;

    fn layer(&self, inner: S) -> Self::Service {
        AttemptTimeoutService::new(inner, self.limit.clone())
    }
}
