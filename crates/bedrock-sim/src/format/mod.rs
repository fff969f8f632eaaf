//! The wire formats: how each reads a request and renders an answer.

mod anthropic_answer;
mod anthropic_request;
mod converse_answer;
pub(crate) mod converse_request;
mod nova;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    answer::{Answer, Beat},
    error::ServiceError,
    event_stream,
    json::{Checker, Node, parse},
    model,
    prompt::{Prompt, digest},
};

/// A request that was read: what it asks, and how its answer is written.
pub(crate) struct Request {
    pub(crate) prompt: Prompt,
    /// The same for equal requests, whatever the order of their keys.
    pub(crate) digest: u64,
    pub(crate) format: Format,
}

pub(crate) enum Format {
    Converse(converse_answer::Echo),
    Anthropic { model: String },
    Nova,
}

/// The milliseconds an answer reports to have taken.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) whole: u64,
    pub(crate) first: u64,
}

pub(crate) fn read_converse(body: &[u8]) -> Result<Request, ServiceError> {
    let body = parse(body, Checker::Service)?;
    let root = Node::root(&body, Checker::Service);
    Ok(Request {
        prompt: converse_request::read(&root)?,
        digest: digest(&body),
        format: Format::Converse(converse_answer::Echo::of(&root)?),
    })
}

/// Reads a body of `InvokeModel` in the format of the model's family.
pub(crate) fn read_invoke(model: &str, body: &[u8]) -> Result<Request, ServiceError> {
    let base = model::base_id(model);
    let anthropic = base.starts_with("anthropic.");
    if !anthropic && !base.starts_with("amazon.nova-") {
        return Err(ServiceError::validation(format!(
            "InvokeModel is simulated for the model families anthropic and amazon.nova only, and \
             {model} is of neither; use Converse"
        )));
    }
    let body = parse(body, Checker::Schema)?;
    let root = Node::root(&body, Checker::Schema);
    let digest = digest(&body);
    Ok(if anthropic {
        Request {
            prompt: anthropic_request::read(&root)?,
            digest,
            format: Format::Anthropic {
                model: base.trim_start_matches("anthropic.").to_owned(),
            },
        }
    } else {
        Request {
            prompt: nova::read(&root)?,
            digest,
            format: Format::Nova,
        }
    })
}

impl Format {
    /// The body of a plain answer.
    pub(crate) fn body(&self, answer: &Answer, timing: Timing) -> Value {
        match self {
            Self::Converse(echo) => converse_answer::body(answer, echo, timing),
            Self::Anthropic { model } => anthropic_answer::body(answer, model),
            Self::Nova => nova::body(answer),
        }
    }

    /// The frame of one step of a streamed answer; some formats skip some steps.
    pub(crate) fn frame(&self, answer: &Answer, beat: &Beat<'_>, timing: Timing) -> Option<Bytes> {
        match self {
            Self::Converse(echo) => {
                let (kind, payload) = converse_answer::event(answer, echo, beat, timing)?;
                Some(event_stream::event(kind, &payload))
            }
            Self::Anthropic { model } => {
                let payload = anthropic_answer::event(answer, model, beat, timing)?;
                Some(event_stream::chunk(&payload))
            }
            Self::Nova => Some(event_stream::chunk(&nova::event(answer, beat, timing)?)),
        }
    }
}

/// What Bedrock adds to the last chunk of every model's stream.
fn invocation_metrics(answer: &Answer, timing: Timing) -> Value {
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
