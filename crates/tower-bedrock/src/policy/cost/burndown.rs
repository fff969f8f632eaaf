use crate::model_id::PrefixTable;
use std::borrow::Cow;

/// How many tokens of quota one output token of a model costs in the end.
///
/// An entry counts for every model id that begins with it; the longest entry wins. The Region prefix
/// (`us.`, `global.`, …) and the ARN of a model or of an inference profile do not count as part of
/// the id. The ARN of an application inference profile names no model: give it an entry in full.
///
/// ```
/// use tower_bedrock::policy::Burndown;
///
/// let burndown = Burndown::standard().with("vendor.model-2", 8);
/// assert_eq!(burndown.of("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), 5);
/// assert_eq!(burndown.of("vendor.model-2-large-v1:0"), 8);
/// assert_eq!(burndown.of("vendor.model-1"), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Burndown {
    entries: PrefixTable<u64>,
    otherwise: u64,
}

impl Burndown {
    /// As AWS published it in 2026-09: 15 for Claude 4.8; 10 for Claude Sonnet 5, Opus 5 and
    /// Fable 5.1; 5 for Claude 3.7 to 4.7; 1 for every other model.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            entries: PrefixTable::new(STANDARD),
            otherwise: 1,
        }
    }

    /// Sets the rate of the models whose ids begin with `prefix`.
    #[must_use]
    pub fn with(mut self, prefix: impl Into<Cow<'static, str>>, rate: u64) -> Self {
        self.entries.set(prefix.into(), rate);
        self
    }

    /// Sets the rate of models without an entry. Default: 1.
    #[must_use]
    pub fn otherwise(mut self, rate: u64) -> Self {
        self.otherwise = rate;
        self
    }

    /// The rate of a model, by its id, inference profile or ARN.
    #[must_use]
    pub fn of(&self, model: &str) -> u64 {
        self.entries.get(model).unwrap_or(self.otherwise)
    }
}

impl Default for Burndown {
    fn default() -> Self {
        Self::standard()
    }
}

const STANDARD: &[(&str, u64)] = &[
    ("anthropic.claude-3-7", 5),
    ("anthropic.claude-haiku-4", 5),
    ("anthropic.claude-haiku-4-8", 15),
    ("anthropic.claude-opus-4", 5),
    ("anthropic.claude-opus-4-8", 15),
    ("anthropic.claude-sonnet-4", 5),
    ("anthropic.claude-sonnet-4-8", 15),
    ("anthropic.claude-fable-5-1", 10),
    ("anthropic.claude-opus-5", 10),
    ("anthropic.claude-sonnet-5", 10),
];
