//! What Bedrock keeps apart: the key of circuits and quotas.

use crate::{operation::Operation, request::Request};
use aws_sdk_bedrockruntime::operation::{
    apply_guardrail::ApplyGuardrailInput, count_tokens::CountTokensInput,
};
use std::sync::Arc;

/// `"region/model"` for a call that draws on the model's tokens. One that does not has a key apart,
/// which ends in the operation's name, and so has one that names no model.
pub(super) fn key<I: Operation>(region: &str, request: &Request<I>) -> Arc<str> {
    match request.model_id() {
        Some(model) if I::DRAWS_TOKENS => model_key(region, model),
        Some(model) => format!("{region}/{model}/{}", I::NAME).into(),
        None => format!("{region}/{}", I::NAME).into(),
    }
}

pub(super) fn model_key(region: &str, model: &str) -> Arc<str> {
    format!("{region}/{model}").into()
}

/// Whether a key belongs to calls that draw on a model's tokens.
pub(super) fn draws_tokens(key: &str) -> bool {
    let last = key.rsplit('/').next();
    ![CountTokensInput::NAME, ApplyGuardrailInput::NAME].contains(&last.unwrap_or(key))
}
