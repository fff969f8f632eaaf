use super::table::Table;
use std::borrow::Cow;

/// How many output tokens a model writes at most: what Bedrock charges at admission for a request
/// that sets no maximum of its own.
///
/// Entries are found as those of [`Burndown`](super::Burndown) are.
#[derive(Debug, Clone)]
pub struct MaxOutput(Table);

impl MaxOutput {
    /// From the models' documentation: 4,096 for a model that is not listed.
    #[must_use]
    pub fn standard() -> Self {
        Self(Table::new(STANDARD, 4_096))
    }

    /// Sets the maximum of the models whose ids begin with `prefix`, in tokens.
    #[must_use]
    pub fn with(mut self, prefix: impl Into<Cow<'static, str>>, tokens: u64) -> Self {
        self.0.set(prefix.into(), tokens);
        self
    }

    /// Sets the maximum of models without an entry, in tokens. Default: 4,096.
    #[must_use]
    pub fn otherwise(mut self, tokens: u64) -> Self {
        self.0.set_otherwise(tokens);
        self
    }

    /// The maximum of a model, by its id, inference profile or ARN, in tokens.
    #[must_use]
    pub fn of(&self, model: &str) -> u64 {
        self.0.of(model)
    }
}

impl Default for MaxOutput {
    fn default() -> Self {
        Self::standard()
    }
}

const STANDARD: &[(&str, u64)] = &[
    ("anthropic.claude", 64_000),
    ("anthropic.claude-3-", 4_096),
    ("anthropic.claude-3-5", 8_192),
    ("anthropic.claude-3-7", 64_000),
    ("anthropic.claude-instant", 4_096),
    ("anthropic.claude-v", 4_096),
    ("anthropic.claude-opus-4-1", 32_000),
    ("anthropic.claude-opus-4-2025", 32_000),
    ("amazon.nova-", 10_000),
    ("amazon.nova-2-", 64_000),
];
