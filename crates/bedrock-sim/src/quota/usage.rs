use std::collections::BTreeMap;

use serde::Serialize;

/// What every model has been asked and charged since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct QuotaUsage {
    /// By exact model id, each configured model and each one that was called.
    pub models: BTreeMap<String, ModelUsage>,
}

impl QuotaUsage {
    /// The figures of one model, if it is configured or was called.
    #[must_use]
    pub fn model(&self, id: &str) -> Option<&ModelUsage> {
        self.models.get(id)
    }
}

/// The ledger of one model id. Figures are totals unless they say otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ModelUsage {
    /// Calls the quota let in.
    pub admitted: u64,
    /// Calls the quota refused.
    pub throttled: u64,
    /// Of `throttled`, which quota it was.
    pub throttled_by: Throttled,
    /// Calls a scripted or random fault was played on, throttles among them.
    pub faulted: u64,
    /// Tokens charged at admission.
    pub reserved: u64,
    /// Tokens charged in the end.
    pub settled: u64,
    /// Calls admitted and not settled yet, at this moment.
    pub in_flight: u64,
    /// Tokens reserved by the calls in flight, at this moment.
    pub outstanding: u64,
    /// Input tokens of settled calls, without those read from or written to the cache.
    pub input_tokens: u64,
    /// Output tokens of settled calls.
    pub output_tokens: u64,
    /// Tokens settled calls read from the prompt cache.
    pub cache_read_tokens: u64,
    /// Tokens settled calls wrote to the prompt cache.
    pub cache_write_tokens: u64,
    /// The quotas; `None` is unlimited.
    pub limits: Limits<u64>,
    /// What could be charged at this moment; negative while the model is in debt.
    pub available: Limits<i64>,
}

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
