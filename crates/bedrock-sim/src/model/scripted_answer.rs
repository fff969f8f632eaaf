use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::StopReason;
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

    /// Why the answer says that it ends.
    #[must_use]
    pub fn stop_reason(mut self, reason: StopReason) -> Self {
        self.stop_reason = Some(reason);
        self
    }

    /// The number of output tokens, at most the request's maximum and, without a
    /// [`text`](Self::text), 1,000,000.
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
