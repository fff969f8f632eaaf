use super::{
    rates::Rates,
    settings::{Settings, Shared},
};
use crate::{
    monitor::Record, operation::Operation, regions::Asked, request::Request, response::Usage,
};
use std::sync::Arc;
use tower_quota::Settle;

/// What [`TokenCost`](super::TokenCost) remembers of a request until the call has ended: nothing if
/// it draws no tokens of a model.
#[derive(Debug, Clone)]
pub struct Forecast(pub(super) Option<Drawn>);

/// What a call of a model draws on its quota.
#[derive(Debug, Clone)]
pub(super) struct Drawn {
    pub(super) rates: Arc<Rates>,
    /// The input before its correction; `None` where the request brought its exact count.
    estimated_tokens: Option<u64>,
    pub(super) reserved_tokens: u64,
    /// The part of the reserved tokens that is for the output.
    output_tokens: u64,
    /// Whether the request set that limit itself.
    sets_max_tokens: bool,
}

impl Drawn {
    pub(super) fn of<I: Operation>(model: &str, request: &Request<I>, shared: &Shared) -> Self {
        let region = request.options().region_or(shared.region());
        Self::reserved(region, model, &Asked::of(request, model), shared)
    }

    pub(super) fn reserved(
        region: &Arc<str>,
        model: &str,
        asked: &Asked<'_>,
        shared: &Shared,
    ) -> Self {
        let Settings {
            burndown,
            max_output,
            read_body,
            ..
        } = &shared.settings;
        let rates = shared.models.get(region, model, burndown, max_output);
        let estimate = asked.estimate;
        let (input_tokens, estimated_tokens) = match asked.input_tokens {
            Some(exact) => (exact, None),
            None => {
                let tokens = estimate.input_tokens;
                (rates.predict(tokens), Some(tokens))
            }
        };
        let body = read_body.as_deref().zip(asked.body);
        let max_tokens = body
            .and_then(|(read, body)| read(model, body))
            .or(estimate.max_output_tokens);
        let output_tokens = max_tokens.unwrap_or(rates.max_output);
        Self {
            rates,
            estimated_tokens,
            reserved_tokens: input_tokens.saturating_add(output_tokens),
            output_tokens,
            sets_max_tokens: max_tokens.is_some(),
        }
    }

    /// Learns from an answer, with its usage if that is known.
    pub(super) fn learn(&self, usage: Option<Usage>) {
        let prompt_tokens = usage.map(|usage| usage.prompt_tokens());
        self.rates.learn(self.estimated_tokens, prompt_tokens);
    }

    /// What a call reserves for want of a limit of its own.
    pub(super) fn without_max_tokens(&self) -> Option<u64> {
        (!self.sets_max_tokens).then_some(self.reserved_tokens)
    }

    /// What a monitor is told of the call.
    pub(super) fn record(&self, usage: Option<Usage>, settle: &Settle) -> Record {
        let output = u32::try_from(self.output_tokens).unwrap_or(u32::MAX);
        Record {
            reserved_tokens: self.reserved_tokens,
            max_tokens: self.sets_max_tokens.then_some(output),
            usage,
            charged_tokens: match settle {
                Settle::Used(tokens) => *tokens,
                Settle::Reserved => self.reserved_tokens,
                // Refunded or throttled.
                _ => 0,
            },
            // Each format has a word of its own for it, and the number says the same for all. Of a
            // model that writes no text nothing is cut off.
            first_event: None,
            between_events: None,
            cut_off: self.output_tokens > 0
                && usage.is_some_and(|usage| usage.output_tokens >= self.output_tokens),
        }
    }
}
