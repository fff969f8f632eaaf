use tower_quota::{Limit, Limits};

/// The limits that Bedrock sets for one model or inference profile in one Region.
///
/// A limit that is not set is no limit. Where none is set, the limit is found by probing. A limit of
/// 0, which AWS has too, rejects every call at once.
///
/// ```
/// use tower_bedrock::policy::ModelQuota;
///
/// let quota = ModelQuota::new().tokens_per_minute(200_000).tokens_per_day(100_000_000);
/// # let _ = quota;
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ModelQuota {
    pub(super) tokens_per_minute: Option<u64>,
    pub(super) requests_per_minute: Option<u64>,
    pub(super) tokens_per_day: Option<u64>,
    pub(super) tokens_burst: Option<u64>,
}

impl ModelQuota {
    /// No limit is set.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tokens_per_minute: None,
            requests_per_minute: None,
            tokens_per_day: None,
            tokens_burst: None,
        }
    }

    /// How many tokens a minute may cost. Default: not known.
    #[must_use]
    pub const fn tokens_per_minute(mut self, tokens: u64) -> Self {
        self.tokens_per_minute = Some(tokens);
        self
    }

    /// How many calls a minute may bring. Default: not limited: AWS's pages of 2026-11 know
    /// no such limit any more.
    #[must_use]
    pub const fn requests_per_minute(mut self, calls: u64) -> Self {
        self.requests_per_minute = Some(calls);
        self
    }

    /// How many tokens a day may cost. Default: not limited.
    ///
    /// AWS sets it to 1440 times the tokens per minute, which no day can exceed, and to less for
    /// new accounts.
    #[must_use]
    pub const fn tokens_per_day(mut self, tokens: u64) -> Self {
        self.tokens_per_day = Some(tokens);
        self
    }

    /// How many of the [tokens per minute](Self::tokens_per_minute) Bedrock lets through at once
    /// after a pause. Default: learned, as Bedrock does not say how it counts.
    #[must_use]
    pub const fn tokens_burst(mut self, tokens: u64) -> Self {
        self.tokens_burst = Some(tokens);
        self
    }

    /// These limits as a quota layer takes them.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let limits = [
            self.tokens_per_minute.map(|tokens| {
                let limit = Limit::tokens_per_minute(tokens);
                match self.tokens_burst {
                    Some(burst) => limit.burst(burst),
                    None => limit,
                }
            }),
            self.requests_per_minute.map(Limit::calls_per_minute),
            self.tokens_per_day.map(Limit::tokens_per_day),
        ];
        limits.into_iter().flatten().collect()
    }
}
