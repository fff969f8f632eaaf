use serde::Serialize;

/// One figure for each kind of quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Limits<T> {
    /// Tokens per minute.
    pub tokens_per_minute: Option<T>,
    /// Requests per minute.
    pub requests_per_minute: Option<T>,
    /// Tokens per day.
    pub tokens_per_day: Option<T>,
}
