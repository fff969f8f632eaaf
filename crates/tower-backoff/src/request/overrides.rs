use tokio::time::Instant;

/// What one request asks for instead of the layer's settings. Nothing, by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    pub(crate) deadline: Option<Instant>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) weight: Option<u64>,
}

impl Overrides {
    /// Nothing differs from the layer's settings.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            deadline: None,
            max_attempts: None,
            weight: None,
        }
    }

    /// No retry may start at or after this instant. Replaces the
    /// [layer's deadline](crate::BackoffLayer::deadline), be it earlier or later.
    #[must_use]
    pub const fn deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Makes at most this many attempts, the first included.
    ///
    /// # Panics
    ///
    /// If `attempts` is zero.
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        assert!(attempts > 0, "the first call is an attempt too");
        self.max_attempts = Some(attempts);
        self
    }

    /// Makes one attempt only. The request is not cloned.
    #[must_use]
    pub const fn no_retry(self) -> Self {
        self.max_attempts(1)
    }

    /// What the call adds to the traffic the [budget](crate::Budget) sees, and what each retry
    /// takes from it, for instance its tokens. Default: 1.
    #[must_use]
    pub const fn weight(mut self, weight: u64) -> Self {
        self.weight = Some(weight);
        self
    }
}

/// A request that knows its own [`Overrides`]; used with [`FromRequest`](crate::FromRequest).
pub trait RetryOptions {
    /// What this request asks for instead of the layer's settings. Nothing, by default.
    fn overrides(&self) -> Overrides {
        Overrides::default()
    }
}
