use serde::Serialize;

use super::{Limits, Throttled};

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
    /// Calls for which the script had a fault, throttles among them, or an answer.
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
