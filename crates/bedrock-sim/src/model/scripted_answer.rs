use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ScriptedBlock, StopReason};
use crate::entry_knobs::{at_most_a_year, entry_knobs, millis};
use crate::operation::Operation;

/// An answer with what the script sets of it; the model makes up the rest.
///
/// It is no fault: the call is admitted, charged and answered as any other. In JSON it is a flat
/// object among the faults of a script, with the kind `answer`:
/// `{"fault": "answer", "text": "42", "times": 2}`.
///
/// It waits in the same queue as faults do and is used up in the same way; see
/// [`Fault`](crate::Fault).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedAnswer {
    #[serde(rename = "fault")]
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<Operation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<Vec<ScriptedBlock>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) events: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop_reason: Option<StopReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_read_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cache_write_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) delay_ms: Option<u64>,
}

/// Tells it from the faults in the same list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Answer,
}

impl ScriptedAnswer {
    /// The next call's answer, whatever the call's model and operation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    entry_knobs!();

    /// The whole text, whatever the request's maximum.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// All blocks of the answer, whatever the request's maximum; more than [`text`](Self::text)
    /// can say: reasoning, and several calls of tools. Without a [`stop_reason`](Self::stop_reason)
    /// it ends as its last block asks: by `tool_use` after a call, otherwise by `end_turn`.
    #[must_use]
    pub fn content(mut self, blocks: impl IntoIterator<Item = ScriptedBlock>) -> Self {
        self.content = Some(blocks.into_iter().collect());
        self
    }

    /// Exactly the events of a streamed answer, right or wrong; one that is not streamed is as it
    /// would be without them.
    ///
    /// For Converse and Nova an event is an object with one member, which bears the event's name:
    /// `{"messageStop": {"stopReason": "end_turn"}}`. For Anthropic's bodies it is the event that
    /// `InvokeModelWithResponseStream` wraps in a chunk. The quota is charged
    /// [`output_tokens`](Self::output_tokens), default 0, spread evenly over the events; what the
    /// events themselves say of usage is not looked at.
    #[must_use]
    pub fn events(mut self, events: impl IntoIterator<Item = Value>) -> Self {
        self.events = Some(events.into_iter().collect());
        self
    }

    /// Why the answer says that it ends.
    #[must_use]
    pub fn stop_reason(mut self, reason: StopReason) -> Self {
        self.stop_reason = Some(reason);
        self
    }

    /// The number of output tokens, at most the request's maximum and, where the text is made up,
    /// 1,000,000.
    #[must_use]
    pub fn output_tokens(mut self, tokens: u64) -> Self {
        self.output_tokens = Some(tokens);
        self
    }

    /// How many of the input tokens it reports as read from and written to the prompt cache. What
    /// does not fit in the input is left out.
    #[must_use]
    pub fn cache_tokens(mut self, read: u64, write: u64) -> Self {
        self.cache_read_tokens = Some(read);
        self.cache_write_tokens = Some(write);
        self
    }

    /// How much later than others it comes, in whole milliseconds. The factor of the simulator's
    /// [`Latency`](crate::Latency) multiplies it.
    #[must_use]
    pub fn delay(mut self, later: Duration) -> Self {
        self.delay_ms = Some(millis(later));
        self
    }

    /// How much later than others it comes, a year at most.
    pub(crate) fn later(&self) -> Duration {
        at_most_a_year(self.delay_ms.unwrap_or(0))
    }
}
