//! A call of a model: let in, answered or struck by a fault, and charged.

use std::{future::pending, sync::Arc, time::Duration};

use http::StatusCode;
use tokio::time::{Instant, sleep_until};

use super::{admission::Admission, refusal::Refusal, reply::Reply, streaming};
use crate::{
    Fault, FaultKind, Latency, Model, Operation, ScriptEntry, ScriptedAnswer, Simulator,
    fault::Stage,
    model::{
        answer::{self, Answer},
        digest::{chain, digest_text},
        prompt_cache::CacheTokens,
    },
    wire::{request::Request, service_error::ServiceError, timing::Timing},
};

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
        let Admitted {
            started,
            latency,
            mut admission,
            answer,
            fault,
        } = self.admit(operation, &model, &request, maximum)?;
        if let Some(fault) = &fault {
            strike(fault, &mut admission, &answer, started, latency).await?;
        }
        let timing = Timing::new(latency, answer.usage.output);
        if operation.streams() {
            let frames = streaming::frames(&request, &answer, timing, latency);
            let fault = fault.as_ref();
            let mut reply = streaming::reply(operation, frames, fault, started, admission);
            request.format.add_headers(&mut reply.headers);
            return Ok(reply);
        }
        pause_until(started, latency.until(answer.usage.output)).await;
        admission.produced(answer.usage.output);
        let mut reply = Reply::json(StatusCode::OK, &request.format.body(&answer, timing));
        request.format.add_headers(&mut reply.headers);
        if operation == Operation::InvokeModel {
            reply.count_tokens(&answer.usage, timing);
        }
        if let Some(fault) = fault.filter(|fault| fault.kind == FaultKind::SlowBody) {
            streaming::slow_down(&mut reply, &fault, started, answer.usage.output, admission);
        }
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
        let mut state = self.shared.lock();
        let (ticket, entry) = state.admit(started, operation, &model.id, tokens)?;
        let (fault, script) = match entry {
            Some(ScriptEntry::Fault(fault)) => (Some(fault), ScriptedAnswer::default()),
            Some(ScriptEntry::Answer(answer)) => (None, answer),
            None => (None, ScriptedAnswer::default()),
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
        let answer = answer::draw(key, prompt, maximum, cache, blocked, &script);
        let admission = Admission::new(
            Arc::clone(&self.shared),
            &state,
            model,
            ticket,
            answer.usage,
            started,
        );
        Ok(Admitted {
            started,
            latency: state.latency,
            admission,
            answer,
            fault,
        })
    }
}

/// A call that was let in.
struct Admitted {
    started: Instant,
    latency: Latency,
    admission: Admission,
    answer: Answer,
    fault: Option<Fault>,
}

/// Plays a fault that keeps the model's answer from the caller.
async fn strike(
    fault: &Fault,
    admission: &mut Admission,
    answer: &Answer,
    started: Instant,
    latency: Latency,
) -> Result<(), Refusal> {
    if fault.stage() != Stage::AtModel {
        return Ok(());
    }
    let whole = answer.usage.output;
    match fault.kind {
        FaultKind::ModelTimeout | FaultKind::ConnectionReset => {
            pause_until(started, latency.until(whole)).await;
            admission.produced(whole);
        }
        FaultKind::ModelError | FaultKind::ModelStreamError => {
            admission.produced(0);
            pause_until(started, latency.until(1)).await;
        }
        FaultKind::Hang => {
            admission.produced(0);
            pending::<()>().await;
        }
        _ => return Ok(()),
    }
    Err(fault.error().map_or(Refusal::Reset, Refusal::Error))
}

async fn pause_until(started: Instant, after: Duration) {
    let due = started + after;
    if due > Instant::now() {
        sleep_until(due).await;
    }
}
