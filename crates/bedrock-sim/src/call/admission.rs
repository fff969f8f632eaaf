use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    Fault, Latency, Model, Operation,
    fault::Stage,
    model::answer::TokenUsage,
    quota::ledger::{Quota, Ticket},
    simulator::{Shared, State},
    wire::{format::Request, service_error::ServiceError},
};

/// A call that the quota let in. Dropping it settles it.
pub(crate) struct Admission {
    shared: Arc<Shared>,
    generation: u64,
    model: String,
    burndown: u64,
    ticket: Ticket,
    usage: TokenUsage,
    output: Output,
}

/// How many output tokens there are by now.
enum Output {
    /// As many as the time since then allows: the caller waits for the whole answer.
    Clock(Instant, Latency),
    Counted(u64),
}

impl Admission {
    /// An admission on the clock.
    pub(crate) fn new(
        shared: Arc<Shared>,
        state: &State,
        model: &Model,
        ticket: Ticket,
        usage: TokenUsage,
        started: Instant,
    ) -> Self {
        Self {
            shared,
            generation: state.generation,
            model: model.id.clone(),
            burndown: model.burndown,
            ticket,
            usage,
            output: Output::Clock(started, state.latency),
        }
    }

    /// Says how many output tokens there are, from now on by count and not by the clock.
    pub(crate) fn produced(&mut self, tokens: u64) {
        self.output = Output::Counted(tokens);
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let now = Instant::now();
        let output = match self.output {
            Output::Clock(since, latency) => {
                latency.produced(now.saturating_duration_since(since), self.usage.output)
            }
            Output::Counted(tokens) => tokens,
        };
        let TokenUsage { input, cache, .. } = self.usage;
        let tokens = input
            .saturating_add(cache.write)
            .saturating_add(output.saturating_mul(self.burndown));
        let mut state = self.shared.lock();
        if state.generation != self.generation {
            return;
        }
        let account = state.account(&self.model);
        account.ledger.settle(now, &self.ticket, tokens);
        let usage = &mut account.usage;
        usage.settled = usage.settled.saturating_add(tokens);
        usage.in_flight -= 1;
        usage.outstanding = usage.outstanding.saturating_sub(self.ticket.reserved);
        usage.input_tokens += input;
        usage.output_tokens += output;
        usage.cache_read_tokens += cache.read;
        usage.cache_write_tokens += cache.write;
    }
}

impl State {
    /// Plays a fault on an operation that has no quota.
    pub(crate) fn play_fault(
        &mut self,
        operation: Operation,
        id: &str,
    ) -> Result<(), ServiceError> {
        let Some(found) = self.pending.find(operation, id, &mut self.rng) else {
            return Ok(());
        };
        self.pending.take(&found);
        if operation != Operation::ApplyGuardrail {
            self.account(id).usage.faulted += 1;
        }
        found.fault.error().map_or(Ok(()), Err)
    }

    /// Lets a call in, with the fault that will befall it.
    pub(crate) fn admit(
        &mut self,
        now: Instant,
        operation: Operation,
        model: &Model,
        request: &Request,
        maximum: u64,
    ) -> Result<(Ticket, Option<Fault>), ServiceError> {
        let found = self.pending.find(operation, &model.id, &mut self.rng);
        if let Some(found) = &found
            && found.fault.stage() == Stage::BeforeQuota
            && let Some(error) = found.fault.error()
        {
            self.pending.take(found);
            self.account(&model.id).usage.faulted += 1;
            return Err(error);
        }
        let tokens = request.prompt.tokens().saturating_add(maximum);
        let account = self.account(&model.id);
        let ticket = match account.ledger.admit(now, tokens) {
            Ok(ticket) => ticket,
            Err(quota) => {
                let usage = &mut account.usage;
                usage.throttled += 1;
                let (count, what) = match quota {
                    Quota::TokensPerMinute => (&mut usage.throttled_by.tokens_per_minute, "tokens"),
                    Quota::RequestsPerMinute => {
                        (&mut usage.throttled_by.requests_per_minute, "requests")
                    }
                    Quota::TokensPerDay => {
                        (&mut usage.throttled_by.tokens_per_day, "tokens per day")
                    }
                };
                *count += 1;
                let message = format!("Too many {what}, please wait before trying again.");
                return Err(ServiceError::new(429, "ThrottlingException", message));
            }
        };
        account.usage.admitted += 1;
        account.usage.reserved = account.usage.reserved.saturating_add(tokens);
        account.usage.in_flight += 1;
        account.usage.outstanding = account.usage.outstanding.saturating_add(tokens);
        if let Some(found) = &found {
            // Only a call that was let in uses up a fault behind the quota.
            account.usage.faulted += 1;
            self.pending.take(found);
        }
        Ok((ticket, found.map(|found| found.fault)))
    }
}
