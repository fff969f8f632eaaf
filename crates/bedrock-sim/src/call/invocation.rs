//! A call of a model: let in, answered or struck by a fault, and charged.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::{admission::Admission, admitted::Admitted, refusal::Refusal, reply::Reply, streaming};
use crate::fault::{ScriptEntry, ScriptedCall};
use crate::model::{CacheTokens, Model, answer, chain, digest_text};
use crate::operation::Operation;
use crate::simulator::Simulator;
use crate::wire::{Format, Request, ServiceError, Timing};

impl Simulator {
    pub(super) async fn invoke(
        &self,
        operation: Operation,
        model: Model,
        request: Request,
    ) -> Result<Reply, Refusal> {
        let maximum = request.prompt.max_tokens.unwrap_or(model.max_tokens);
        if maximum > model.max_tokens {
            return Err(ServiceError::validation(format!(
                "The maximum tokens you requested exceeds the model limit of {limit}. Try again \
                 with a maximum tokens value that is lower than {limit}.",
                limit = model.max_tokens
            ))
            .into());
        }
        let mut call = self.admit(operation, &model, &request, maximum)?;
        call.strike().await?;
        let mut headers = HeaderMap::new();
        request.format.add_headers(&mut headers);
        let mut reply = if operation.streams() {
            streaming::reply(operation, request.format, call)
        } else {
            whole_reply(operation, &request.format, call).await
        };
        reply.headers.extend(headers);
        Ok(reply)
    }

    /// Lets the call in and draws its answer.
    fn admit(
        &self,
        operation: Operation,
        model: &Model,
        request: &Request,
        maximum: u64,
    ) -> Result<Admitted, ServiceError> {
        let started = Instant::now();
        let prompt = &request.prompt;
        let tokens = prompt.tokens().saturating_add(maximum);
        let call = ScriptedCall {
            operation,
            model: &model.id,
            prompt: Some(&prompt.last_user_text),
        };
        // Under one lock, so that calls find the prompt cache in the order of their admission.
        let mut state = self.shared.lock();
        let (ticket, entry) = state.admit(started, &call, tokens)?;
        let (fault, script) = match entry {
            Some(ScriptEntry::Fault(fault)) => (Some(fault), None),
            Some(ScriptEntry::Answer(answer)) => (None, Some(answer)),
            None => (None, None),
        };
        // A call that fails leaves the prompt cache as it was.
        let fails = fault.as_ref().is_some_and(|fault| fault.error().is_some());
        let cache = if fails {
            CacheTokens::default()
        } else {
            state.cache.read_and_write(started, &model.id, prompt)
        };
        let blocked = prompt.blocked_words(&state.guardrail_words);
        let key = chain(chain(state.seed, digest_text(&model.id)), request.digest);
        let answers = state.answers.clone();
        let mut latency = state.latency;
        let mut admission =
            Admission::new(Arc::clone(&self.shared), &state, model, ticket, started);
        // Neither the user's code nor a long answer keeps other calls waiting.
        drop(state);
        let script = script
            .or_else(|| answers.as_ref()?.to(&prompt.last_user_text))
            .unwrap_or_default();
        let answer = answer::draw(key, prompt, maximum, cache, blocked, &script);
        latency = latency.later(script.later());
        admission.expect(answer.usage, latency);
        Ok(Admitted {
            started,
            latency,
            admission,
            answer,
            fault,
        })
    }
}

/// The reply of a call that waits for the whole answer.
async fn whole_reply(operation: Operation, format: &Format, mut call: Admitted) -> Reply {
    let output = call.answer.usage.output;
    // A caller that goes away during the wait pays for what was made until then, by the clock.
    call.pause_until(output).await;
    call.admission.produced(output);
    let timing = Timing::new(call.latency, output);
    let mut reply = Reply::json(StatusCode::OK, &format.body(&call.answer, timing));
    if operation == Operation::InvokeModel {
        reply.count_tokens(&call.answer.usage, timing);
    }
    streaming::slow_down(&mut reply, call);
    reply
}
