//! The wire formats: how each reads a request and renders an answer.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};

use super::{anthropic, converse, headers::InvokeHeaders, nova};
use crate::{
    model::{
        answer::{Answer, EventKind, StreamEvent},
        model,
        prompt::{Prompt, digest},
    },
    wire::{
        event_stream,
        json::{Checker, JsonField, parse},
        service_error::ServiceError,
    },
};

/// A request that was read: what it asks, and how its answer is written.
pub(crate) struct Request {
    pub(crate) prompt: Prompt,
    /// The same for equal requests, whatever the order of their keys.
    pub(crate) digest: u64,
    pub(crate) format: Format,
}

pub(crate) enum Format {
    Converse(converse::answer::Echo),
    Invoke(Family, InvokeHeaders),
}

/// The model families whose own bodies are understood.
pub(crate) enum Family {
    Anthropic { model: String },
    Nova,
}

impl Family {
    fn of(id: &str) -> Result<Self, ServiceError> {
        let base = model::base_id(id);
        if let Some(model) = base.strip_prefix("anthropic.") {
            let model = model.to_owned();
            Ok(Self::Anthropic { model })
        } else if base.starts_with("amazon.nova-") {
            Ok(Self::Nova)
        } else {
            Err(ServiceError::validation(format!(
                "InvokeModel is simulated for the model families anthropic and amazon.nova only, \
                 and {id} is of neither; use Converse"
            )))
        }
    }

    fn read(&self, root: &JsonField<'_>) -> Result<Prompt, ServiceError> {
        match self {
            Self::Anthropic { model } => anthropic::request::read(root, model),
            Self::Nova => nova::read(root),
        }
    }
}

/// Where a body says how its guardrail reads it; any family's may.
pub(super) const GUARDRAIL_CONFIG: &str = "amazon-bedrock-guardrailConfig";

/// The milliseconds an answer reports to have taken.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) whole: u64,
    pub(crate) first: u64,
}

pub(crate) fn read_converse(body: &[u8]) -> Result<Request, ServiceError> {
    let body = parse(body, Checker::Service)?;
    let root = JsonField::root(&body, Checker::Service);
    let mut prompt = converse::request::read(&root)?;
    prompt.guarded = root.get("guardrailConfig")?.is_some();
    Ok(Request {
        prompt,
        digest: digest(&body),
        format: Format::Converse(converse::answer::Echo::of(&root)?),
    })
}

/// Reads a call of `InvokeModel`: a body in the format of the model's family, and headers.
pub(crate) fn read_invoke(
    model: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Request, ServiceError> {
    let family = Family::of(model)?;
    let headers = InvokeHeaders::read(headers)?;
    let body = parse(body, Checker::Schema)?;
    let root = JsonField::root(&body, Checker::Schema);
    let mut prompt = family.read(&root)?;
    prompt.guarded = headers.guard();
    if !prompt.guarded && root.get(GUARDRAIL_CONFIG)?.is_some() {
        return Err(ServiceError::validation(format!(
            "A guardrail identifier is required with {GUARDRAIL_CONFIG} in the request body."
        )));
    }
    Ok(Request {
        prompt,
        digest: digest(&body),
        format: Format::Invoke(family, headers),
    })
}

/// Reads the body of a call of `InvokeModel` that is only counted.
pub(crate) fn read_invoke_body(model: &str, body: &[u8]) -> Result<Prompt, ServiceError> {
    let family = Family::of(model)?;
    let body = parse(body, Checker::Schema)?;
    family.read(&JsonField::root(&body, Checker::Schema))
}

impl Format {
    /// The body of a plain answer.
    pub(crate) fn body(&self, answer: &Answer, timing: Timing) -> Value {
        match self {
            Self::Converse(echo) => converse::answer::body(answer, echo, timing),
            Self::Invoke(family, headers) => {
                let mut body = match family {
                    Family::Anthropic { model } => anthropic::answer::body(answer, model),
                    Family::Nova => nova::body(answer),
                };
                headers.report(answer, &mut body);
                body
            }
        }
    }

    /// The frame of one step of a streamed answer; some formats skip some steps.
    pub(crate) fn frame(
        &self,
        answer: &Answer,
        event: &StreamEvent<'_>,
        timing: Timing,
    ) -> Option<Bytes> {
        match self {
            Self::Converse(echo) => {
                let (kind, payload) = converse::answer::event(answer, echo, event, timing)?;
                Some(event_stream::event(kind, &payload))
            }
            Self::Invoke(family, headers) => {
                let mut payload = match family {
                    Family::Anthropic { model } => {
                        anthropic::answer::event(answer, model, event, timing)
                    }
                    Family::Nova => nova::event(answer, event, timing),
                }?;
                if matches!(event.kind, EventKind::End) {
                    headers.report(answer, &mut payload);
                }
                Some(event_stream::chunk(&payload))
            }
        }
    }

    /// Adds the headers that an answer of this format has of its own.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        if let Self::Invoke(_, asked) = self {
            asked.echo(headers);
        }
    }
}

/// What Bedrock adds to the last chunk of every model's stream.
pub(super) fn invocation_metrics(answer: &Answer, timing: Timing) -> Value {
    let usage = &answer.usage;
    let mut metrics = json!({
        "inputTokenCount": usage.input,
        "outputTokenCount": usage.output,
        "invocationLatency": timing.whole,
        "firstByteLatency": timing.first,
    });
    if usage.cache.read + usage.cache.write > 0 {
        metrics["cacheReadInputTokenCount"] = usage.cache.read.into();
        metrics["cacheWriteInputTokenCount"] = usage.cache.write.into();
    }
    metrics
}
