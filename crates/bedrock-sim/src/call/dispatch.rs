//! Which operation is a call for, and may it be asked at all?

use http::{HeaderValue, Method, StatusCode};
use tokio::time::sleep;

use super::{
    incoming::{IncomingCall, LONGEST_BODY},
    refusal::{Refusal, Reset},
    reply::Reply,
};
use crate::operation::Operation;
use crate::simulator::Simulator;
use crate::wire::{Request, ServiceError, apply_guardrail, count_tokens};

impl Simulator {
    /// Answers a call, whichever front it came through.
    pub(crate) async fn handle(&self, incoming: IncomingCall) -> Result<Reply, Reset> {
        let mut reply = match self.answer(incoming).await {
            Ok(reply) => reply,
            Err(Refusal::Error(error)) => {
                if !error.delay.is_zero() {
                    sleep(error.delay).await;
                }
                error.into()
            }
            Err(Refusal::Reset) => return Err(Reset),
        };
        let id = HeaderValue::from_str(&request_id()).expect("a request id is plain ASCII");
        reply.set("x-amzn-requestid", id);
        Ok(reply)
    }

    async fn answer(&self, incoming: IncomingCall) -> Result<Reply, Refusal> {
        let unknown =
            |status| ServiceError::new(status, "UnknownOperationException", "Unknown operation");
        // Checked in the order in which the service does: the first wrong thing is what it reports.
        let (operation, id) = Operation::route(&incoming.path).ok_or_else(|| unknown(404))?;
        if incoming.method != Method::POST {
            let mut reply = Reply::from(unknown(405));
            reply.set("allow", HeaderValue::from_static("POST"));
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
        let id = self.shared.lock().own_id(id);
        if operation == Operation::CountTokens {
            return Ok(self.count_tokens(&id, &incoming.body)?);
        }
        // Ahead of the body: which bodies are valid depends on the model.
        let model = self.shared.lock().find_model(&id);
        let model = model.ok_or_else(unknown_model)?;
        let request = match operation {
            Operation::Converse | Operation::ConverseStream => Request::converse(&incoming.body)?,
            _ => Request::invoke(&id, &incoming.headers, &incoming.body)?,
        };
        self.invoke(operation, model, request).await
    }

    fn count_tokens(&self, model: &str, body: &[u8]) -> Result<Reply, ServiceError> {
        if !self.shared.lock().knows_model(model) {
            return Err(unknown_model());
        }
        let answer = count_tokens::answer(model, body)?;
        let mut state = self.shared.lock();
        // So that the model is among the figures, though counting costs none of its quota.
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
}

fn unknown_model() -> ServiceError {
    ServiceError::validation("The provided model identifier is invalid.")
}

/// A random UUID of version 4, which is what the service's ids are. Not drawn from the seed: two
/// calls never share one.
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
