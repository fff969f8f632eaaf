//! One call from request to reply, whichever front it came through.

use std::{future::pending, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tokio::time::{Instant, sleep_until};

use crate::{
    Fault, FaultKind, Latency, Model, Operation, Simulator,
    call::{admission::Admission, reply::Reply, streaming},
    fault::Stage,
    model::{
        answer::{self, Answer},
        prompt::{chain, digest_text},
        prompt_cache::CacheTokens,
    },
    wire::{
        apply_guardrail, count_tokens,
        format::{self, Request, Timing},
        service_error::ServiceError,
    },
};

/// The longest body of a request that Bedrock takes, in bytes.
pub(crate) const LONGEST_BODY: usize = 25_000_000;

pub(crate) struct IncomingCall {
    pub(crate) method: Method,
    /// Percent-encoded, as it came.
    pub(crate) path: String,
    pub(crate) authorized: bool,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The connection goes down without a reply.
#[derive(Debug)]
pub(crate) struct Reset;

/// Why a call gets no answer of a model.
enum Refusal {
    Error(ServiceError),
    Reset,
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self::Error(error)
    }
}

impl Simulator {
    pub(crate) async fn handle(&self, incoming: IncomingCall) -> Result<Reply, Reset> {
        let mut reply = match self.answer(incoming).await {
            Ok(reply) => reply,
            Err(Refusal::Error(error)) => error.into_reply(),
            Err(Refusal::Reset) => return Err(Reset),
        };
        let id = HeaderValue::from_str(&request_id()).expect("a request id is plain ASCII");
        reply.set("x-amzn-requestid", id);
        Ok(reply)
    }

    async fn answer(&self, incoming: IncomingCall) -> Result<Reply, Refusal> {
        let unknown =
            |status| ServiceError::new(status, "UnknownOperationException", "Unknown operation");
        let (operation, id) = Operation::route(&incoming.path).ok_or_else(|| unknown(404))?;
        if incoming.method != Method::POST {
            let mut reply = unknown(405).into_reply();
            reply
                .headers
                .insert(header::ALLOW, HeaderValue::from_static("POST"));
            return Ok(reply);
        }
        if !incoming.authorized {
            let code = "MissingAuthenticationTokenException";
            return Err(ServiceError::new(403, code, "Missing Authentication Token").into());
        }
        if incoming.body.len() > LONGEST_BODY {
            return Err(ServiceError::validation(format!(
                "1 validation error detected: Value at 'body' failed to satisfy constraint: \
                 Member must have length less than or equal to {LONGEST_BODY}"
            ))
            .into());
        }
        if operation == Operation::ApplyGuardrail {
            return Ok(self.apply_guardrail(&id, &incoming.body)?);
        }
        if operation == Operation::CountTokens {
            return Ok(self.count_tokens(&id, &incoming.body)?);
        }
        let model = self.shared.lock().find_model(&id);
        let model = model.ok_or_else(unknown_model)?;
        let request = match operation {
            Operation::Converse | Operation::ConverseStream => {
                format::read_converse(&incoming.body)?
            }
            _ => format::read_invoke(&id, &incoming.headers, &incoming.body)?,
        };
        self.run(operation, model, request).await
    }

    fn count_tokens(&self, model: &str, body: &[u8]) -> Result<Reply, ServiceError> {
        if !self.shared.lock().knows_model(model) {
            return Err(unknown_model());
        }
        let answer = count_tokens::answer(model, body)?;
        let mut state = self.shared.lock();
        state.account(model);
        state.play_fault(Operation::CountTokens, model)?;
        Ok(Reply::json(StatusCode::OK, &answer))
    }

    fn apply_guardrail(&self, guardrail: &str, body: &[u8]) -> Result<Reply, ServiceError> {
        let mut state = self.shared.lock();
        let answer = apply_guardrail::answer(body, &state.guardrail_words)?;
        state.play_fault(Operation::ApplyGuardrail, guardrail)?;
        Ok(Reply::json(StatusCode::OK, &answer))
    }

    async fn run(
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
        } = self.begin(operation, &model, &request, maximum)?;
        if let Some(fault) = &fault {
            strike(fault, &mut admission, &answer, started, latency).await?;
        }
        let whole = latency.until(answer.usage.output);
        let timing = Timing {
            whole: millis(whole),
            first: millis(latency.until(1)),
        };
        if operation.streams() {
            let frames = streaming::frames(&request, &answer, timing, latency);
            let fault = fault.as_ref();
            let mut reply = streaming::reply(operation, frames, fault, started, admission);
            request.format.add_headers(&mut reply.headers);
            return Ok(reply);
        }
        pause_until(started, whole).await;
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
    fn begin(
        &self,
        operation: Operation,
        model: &Model,
        request: &Request,
        maximum: u64,
    ) -> Result<Admitted, ServiceError> {
        let started = Instant::now();
        let mut state = self.shared.lock();
        let (ticket, fault) = state.admit(started, operation, model, request, maximum)?;
        let fails = fault.as_ref().is_some_and(|fault| fault.error().is_some());
        let cache = if fails {
            CacheTokens::default()
        } else {
            state
                .cache
                .read_and_write(started, &model.id, &request.prompt)
        };
        let blocked = request.prompt.blocked_words(&state.guardrail_words);
        let key = chain(chain(state.seed, digest_text(&model.id)), request.digest);
        let script = fault
            .as_ref()
            .filter(|fault| fault.kind == FaultKind::Answer);
        let answer = answer::draw(key, &request.prompt, maximum, cache, blocked, script);
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

fn unknown_model() -> ServiceError {
    ServiceError::validation("The provided model identifier is invalid.")
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

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn request_id() -> String {
    let random = fastrand::u128(..);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
        random >> 96,
        random >> 80 & 0xffff,
        random >> 64 & 0xfff,
        random >> 62 & 0x3 | 0x8,
        random >> 48 & 0xfff,
        random & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests;
