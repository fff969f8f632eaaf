use std::sync::Arc;

use tokio::time::Instant;

use crate::fault::{Fault, ScriptEntry, ScriptedCall, Stage};
use crate::model::{Latency, Model, TokenUsage};
use crate::operation::Operation;
use crate::quota::{Quota, Ticket};
use crate::state::{Shared, State};
use crate::wire::{ServiceError, error_text};

/// A call that the quota let in. Dropping it settles it, however the call ended: answered, failed
/// or given up by its caller.
pub(crate) struct Admission {
    shared: Arc<Shared>,
    generation: u64,
    model: String,
    ticket: Ticket,
    usage: TokenUsage,
    started: Instant,
    output: Output,
}

/// How many output tokens were made so far.
enum Output {
    /// As many as the time since the start allows: the caller waits for the whole answer.
    Clock(Latency),
    Counted(u64),
}

impl Admission {
    /// An admission whose answer is not known yet.
    pub(crate) fn new(
        shared: Arc<Shared>,
        state: &State,
        model: &Model,
        ticket: Ticket,
        started: Instant,
    ) -> Self {
        Self {
            shared,
            generation: state.generation,
            model: model.id.clone(),
            ticket,
            usage: TokenUsage::default(),
            started,
            output: Output::Counted(0),
        }
    }

    /// Says what the answer will come to, and how fast by the clock.
    pub(crate) fn expect(&mut self, usage: TokenUsage, latency: Latency) {
        self.usage = usage;
        self.output = Output::Clock(latency);
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
            Output::Clock(latency) => {
                let since = now.saturating_duration_since(self.started);
                latency.produced(since, self.usage.output)
            }
            Output::Counted(tokens) => tokens,
        };
        let used = TokenUsage {
            output,
            ..self.usage
        };
        let mut state = self.shared.lock();
        // The account it was charged to is gone after a reset; the new one owes it nothing.
        if state.generation == self.generation {
            let account = state.account(&self.model);
            account.settle(now, &self.ticket, used);
        }
    }
}

impl State {
    /// Plays a fault on an operation that has no quota.
    pub(crate) fn play_fault(
        &mut self,
        operation: Operation,
        id: &str,
    ) -> Result<(), ServiceError> {
        let call = ScriptedCall {
            operation,
            model: id,
            prompt: None,
        };
        let Some(found) = self.pending.find(Instant::now(), &call, &mut self.rng) else {
            return Ok(());
        };
        self.pending.take(&found);
        // A guardrail's id is not a model's: it has no account.
        if operation != Operation::ApplyGuardrail {
            self.account(id).count_fault();
        }
        found
            .entry
            .fault()
            .and_then(Fault::error)
            .map_or(Ok(()), Err)
    }

    /// Lets a call in that reserves `tokens`, and says what the script has for it.
    pub(crate) fn admit(
        &mut self,
        now: Instant,
        call: &ScriptedCall<'_>,
        tokens: u64,
    ) -> Result<(Ticket, Option<ScriptEntry>), ServiceError> {
        let model = call.model;
        let found = self.pending.find(now, call, &mut self.rng);
        if let Some(found) = &found
            && let Some(fault) = found.entry.fault()
            && fault.stage() == Stage::BeforeQuota
            && let Some(error) = fault.error()
        {
            self.pending.take(found);
            self.account(model).count_fault();
            return Err(error);
        }
        let ticket = self.account(model).admit(now, tokens).map_err(throttled)?;
        if let Some(found) = &found {
            // Only a call that was let in uses up what waits behind the quota.
            self.account(model).count_fault();
            self.pending.take(found);
        }
        Ok((ticket, found.map(|found| found.entry)))
    }
}

fn throttled(quota: Quota) -> ServiceError {
    let message = match quota {
        Quota::TokensPerMinute => error_text::TOKENS,
        Quota::RequestsPerMinute => error_text::REQUESTS,
        Quota::TokensPerDay => error_text::TOKENS_PER_DAY,
    };
    ServiceError::new(429, "ThrottlingException", message)
}
