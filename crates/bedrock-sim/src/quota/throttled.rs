use serde::Serialize;

/// How many calls each kind of quota refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Throttled {
    /// Refused for tokens per minute.
    pub tokens_per_minute: u64,
    /// Refused for requests per minute.
    pub requests_per_minute: u64,
    /// Refused for tokens per day.
    pub tokens_per_day: u64,
}
