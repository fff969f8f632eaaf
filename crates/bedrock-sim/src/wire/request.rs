use http::HeaderMap;

use super::check::{Checker, JsonField, ServiceError, parse};
use super::{
    converse::{self, echo::Echo},
    family::Family,
    format::Format,
    headers::InvokeHeaders,
    part::guardrail::GUARDRAIL_CONFIG,
};
use crate::model::{Prompt, digest};

/// A request that was read: what it asks, and how its answer is written.
pub(crate) struct Request {
    pub(crate) prompt: Prompt,
    /// The same for equal requests, whatever the order of their keys.
    pub(crate) digest: u64,
    pub(crate) format: Format,
}

impl Request {
    /// Reads a call of Converse.
    pub(crate) fn converse(body: &[u8]) -> Result<Self, ServiceError> {
        let body = parse(body, Checker::Service)?;
        let root = JsonField::root(&body, Checker::Service);
        let mut prompt = converse::request::read(&root)?;
        prompt.guarded = root.get("guardrailConfig")?.is_some();
        Ok(Self {
            prompt,
            digest: digest(&body),
            format: Format::Converse(Echo::of(&root)?),
        })
    }

    /// Reads a call of `InvokeModel`: a body in the format of the model's family, and headers.
    pub(crate) fn invoke(
        model: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, ServiceError> {
        let family = Family::of(model)?;
        // The service checks headers itself, before the body reaches the model's schema.
        let headers = InvokeHeaders::read(headers)?;
        let body = parse(body, Checker::Schema)?;
        let root = JsonField::root(&body, Checker::Schema);
        let mut prompt = family.read(&root)?;
        prompt.guarded = headers.ask_for_guardrail();
        if !prompt.guarded && root.get(GUARDRAIL_CONFIG)?.is_some() {
            return Err(ServiceError::validation(format!(
                "A guardrail identifier is required with {GUARDRAIL_CONFIG} in the request body."
            )));
        }
        Ok(Self {
            prompt,
            digest: digest(&body),
            format: Format::Invoke(family, headers),
        })
    }
}
