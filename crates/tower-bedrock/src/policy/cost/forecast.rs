use super::rates::Rates;
use crate::{monitor::Record, response::Usage};
use std::sync::Arc;
use tower_quota::Settle;

/// What [`TokenCost`](super::TokenCost) keeps of a request until its answer is there.
///
/// Nothing where the call draws on no model's tokens.
#[derive(Debug, Clone)]
pub struct Forecast(pub(super) Option<Drawn>);

#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) rates: Arc<Rates>,
    /// The raw estimate of the input; `None` where the request brought its exact count.
    pub(super) raw: Option<u64>,
    /// What was reserved for the call.
    pub(super) reserved: u64,
    /// The part of it that is for the output.
    pub(super) output: u64,
    /// Whether the request named that itself.
    pub(super) named: bool,
}

impl Drawn {
    /// What a monitor is told of the call.
    pub(super) fn record(&self, usage: Option<Usage>, settle: &Settle) -> Record {
        let output = u32::try_from(self.output).unwrap_or(u32::MAX);
        Record {
            reserved_tokens: self.reserved,
            max_tokens: self.named.then_some(output),
            usage,
            charged_tokens: match settle {
                Settle::Used(tokens) => *tokens,
                Settle::Reserved => self.reserved,
                Settle::Refund | Settle::Throttled(_) | Settle::Later => 0,
            },
            // Whatever word the answer's format has for it.
            cut_off: usage.is_some_and(|usage| usage.output_tokens >= self.output),
        }
    }
}
