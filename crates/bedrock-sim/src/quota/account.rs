use tokio::time::Instant;

use super::{
    Limits, Meter, ModelUsage,
    ledger::{Ledger, Quota, Ticket},
};
use crate::model::{Model, TokenUsage};

/// One model id's ledger, and the figures of all that went through it.
pub(crate) struct Account {
    ledger: Ledger,
    burndown: u64,
    usage: ModelUsage,
}

impl Account {
    pub(crate) fn new(model: &Model, meter: Meter, start: Instant) -> Self {
        Self {
            ledger: Ledger::new(model, meter, start),
            burndown: model.burndown,
            usage: ModelUsage {
                limits: Limits {
                    tokens_per_minute: model.tokens_per_minute,
                    requests_per_minute: model.requests_per_minute,
                    tokens_per_day: model.tokens_per_day,
                },
                ..ModelUsage::default()
            },
        }
    }

    /// Charges a call that reserves `tokens`, or names the quota that has no room for it.
    pub(crate) fn admit(&mut self, now: Instant, tokens: u64) -> Result<Ticket, Quota> {
        let usage = &mut self.usage;
        let ticket = self.ledger.admit(now, tokens).inspect_err(|quota| {
            usage.throttled += 1;
            *match quota {
                Quota::TokensPerMinute => &mut usage.throttled_by.tokens_per_minute,
                Quota::RequestsPerMinute => &mut usage.throttled_by.requests_per_minute,
                Quota::TokensPerDay => &mut usage.throttled_by.tokens_per_day,
            } += 1;
        })?;
        usage.admitted += 1;
        usage.reserved = usage.reserved.saturating_add(tokens);
        usage.in_flight += 1;
        usage.outstanding = usage.outstanding.saturating_add(tokens);
        Ok(ticket)
    }

    /// Replaces the ticket's charge by what the call came to: input, cache writes, and output times
    /// burndown. Tokens read from the cache are free.
    pub(crate) fn settle(&mut self, now: Instant, ticket: &Ticket, used: TokenUsage) {
        let tokens = used
            .input
            .saturating_add(used.cache.write)
            .saturating_add(used.output.saturating_mul(self.burndown));
        self.ledger.settle(now, ticket, tokens);
        let usage = &mut self.usage;
        usage.settled = usage.settled.saturating_add(tokens);
        usage.in_flight -= 1;
        usage.outstanding = usage.outstanding.saturating_sub(ticket.reserved);
        usage.input_tokens += used.input;
        usage.output_tokens += used.output;
        usage.cache_read_tokens += used.cache.read;
        usage.cache_write_tokens += used.cache.write;
    }

    pub(crate) fn count_fault(&mut self) {
        self.usage.faulted += 1;
    }

    /// The figures, with what is left at this moment.
    pub(crate) fn usage(&mut self, now: Instant) -> ModelUsage {
        ModelUsage {
            available: self.ledger.available(now),
            ..self.usage.clone()
        }
    }
}
