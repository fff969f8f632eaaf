use serde::{Deserialize, Serialize};

use super::{InvalidFault, ScriptEntry};

/// What `--script FILE` and `POST /_sim/script` take: faults and answers, and words that a
/// guardrail blocks.
///
/// In JSON either a plain array of faults and answers or an object with `faults` and
/// `guardrail_words`, both optional.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Script {
    /// Added behind the faults and answers that still wait.
    #[serde(default, rename = "faults")]
    pub entries: Vec<ScriptEntry>,
    /// Added to the words that guardrails block.
    #[serde(default)]
    pub guardrail_words: Vec<String>,
}

impl Script {
    /// Reads a script from JSON.
    ///
    /// # Errors
    ///
    /// If it is not JSON, has an unknown key or value, or a fault that is not
    /// [valid](ScriptEntry::validate).
    pub fn from_json(json: &[u8]) -> Result<Self, InvalidFault> {
        // Told apart by the first byte, so that each form reports its own mistakes.
        let script = if json.trim_ascii_start().starts_with(b"[") {
            serde_json::from_slice(json).map(|entries| Self {
                entries,
                guardrail_words: Vec::new(),
            })
        } else {
            serde_json::from_slice(json)
        };
        let script: Self = script.map_err(|error| InvalidFault(error.to_string()))?;
        script.entries.iter().try_for_each(ScriptEntry::validate)?;
        Ok(script)
    }
}
