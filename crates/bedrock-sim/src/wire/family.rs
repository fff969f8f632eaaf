use serde_json::Value;

use super::check::{Checker, JsonField, ServiceError, parse};
use super::{anthropic, nova, part::Timing};
use crate::model::{Answer, Prompt, StreamEvent, base_id};

/// The model families whose own bodies are understood.
pub(crate) enum Family {
    Anthropic { model: String },
    Nova,
}

impl Family {
    pub(super) fn of(id: &str) -> Result<Self, ServiceError> {
        // A profile takes the bodies of the model behind it.
        let base = base_id(id);
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

    /// Reads a body that comes without headers: one that is only counted.
    pub(super) fn read_bytes(&self, body: &[u8]) -> Result<Prompt, ServiceError> {
        let body = parse(body, Checker::Schema)?;
        self.read(&JsonField::root(&body, Checker::Schema))
    }

    pub(super) fn read(&self, root: &JsonField<'_>) -> Result<Prompt, ServiceError> {
        match self {
            Self::Anthropic { model } => anthropic::request::read(root, model),
            Self::Nova => nova::read(root),
        }
    }

    pub(super) fn body(&self, answer: &Answer) -> Value {
        match self {
            Self::Anthropic { model } => anthropic::answer::body(answer, model),
            Self::Nova => nova::body(answer),
        }
    }

    pub(super) fn event(
        &self,
        answer: &Answer,
        event: &StreamEvent<'_>,
        timing: Timing,
    ) -> Option<Value> {
        match self {
            Self::Anthropic { model } => anthropic::answer::event(answer, model, event, timing),
            Self::Nova => nova::event(answer, event, timing),
        }
    }
}
