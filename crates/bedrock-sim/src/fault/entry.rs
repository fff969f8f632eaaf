use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

use super::{Fault, InvalidFault};
use crate::model::ScriptedAnswer;
use crate::operation::Operation;

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

    /// Whether it is for a call of this operation and model.
    pub(super) fn matches(&self, operation: Operation, model: &str) -> bool {
        let (of_model, of_operation, possible) = match self {
            Self::Fault(fault) => (&fault.model, fault.operation, fault.can_strike(operation)),
            Self::Answer(answer) => {
                let possible = operation.invokes_model();
                (&answer.model, answer.operation, possible)
            }
        };
        possible
            && of_model.as_deref().is_none_or(|id| id == model)
            && of_operation.is_none_or(|own| own == operation)
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
