use std::{ops::Range, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

use super::{Fault, InvalidFault, ScriptedCall};
use crate::model::ScriptedAnswer;

/// What a script holds for a call: a fault, or an answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ScriptEntry {
    /// Something goes wrong.
    Fault(Fault),
    /// Nothing goes wrong, but what the model says is set.
    Answer(ScriptedAnswer),
}

impl ScriptEntry {
    /// Checks what the types leave open in an entry that was deserialized.
    ///
    /// # Errors
    ///
    /// If a rate is not from 0 to 1, or a fault is not [valid](Fault::validate).
    pub fn validate(&self) -> Result<(), InvalidFault> {
        match self {
            Self::Fault(fault) => fault.validate(),
            Self::Answer(answer) => InvalidFault::check_rate(answer.rate),
        }
    }

    pub(crate) fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault(fault) => Some(fault),
            Self::Answer(_) => None,
        }
    }

    /// How many calls it is for, if it says so.
    pub(super) fn times(&self) -> Option<u64> {
        match self {
            Self::Fault(fault) => fault.times,
            Self::Answer(answer) => answer.times,
        }
    }

    pub(super) fn rate(&self) -> Option<f64> {
        match self {
            Self::Fault(fault) => fault.rate,
            Self::Answer(answer) => answer.rate,
        }
    }

    /// Whether it is for this call.
    pub(super) fn matches(&self, call: &ScriptedCall<'_>) -> bool {
        let (of_model, of_operation, of_prompt, possible) = match self {
            Self::Fault(fault) => {
                let possible = fault.can_strike(call.operation);
                (&fault.model, fault.operation, &fault.prompt, possible)
            }
            Self::Answer(answer) => {
                let possible = call.operation.invokes_model();
                (&answer.model, answer.operation, &answer.prompt, possible)
            }
        };
        possible
            && of_model.as_deref().is_none_or(|id| id == call.model)
            && of_operation.is_none_or(|own| own == call.operation)
            && (of_prompt.as_deref())
                .is_none_or(|text| call.prompt.is_some_and(|own| own.contains(text)))
    }

    /// The span of time that it is for, since it was scripted.
    pub(super) fn span(&self) -> Range<Duration> {
        let (from, to) = match self {
            Self::Fault(fault) => (fault.from_ms, fault.to_ms),
            Self::Answer(answer) => (answer.from_ms, answer.to_ms),
        };
        Duration::from_millis(from.unwrap_or(0))..to.map_or(Duration::MAX, Duration::from_millis)
    }
}

impl From<Fault> for ScriptEntry {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<ScriptedAnswer> for ScriptEntry {
    fn from(answer: ScriptedAnswer) -> Self {
        Self::Answer(answer)
    }
}

impl<'de> Deserialize<'de> for ScriptEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not `untagged`, which would not say what is wrong with an entry that is neither.
        let entry = Value::deserialize(deserializer)?;
        let entry = if entry["fault"] == "answer" {
            ScriptedAnswer::deserialize(entry).map(Self::Answer)
        } else {
            Fault::deserialize(entry).map(Self::Fault)
        };
        entry.map_err(D::Error::custom)
    }
}
