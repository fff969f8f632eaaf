use crate::model_id::PrefixTable;
use std::borrow::Cow;

/// How many output tokens a model writes at most: what Bedrock charges at admission for a request
/// that sets no maximum of its own.
///
/// Entries are found as those of [`Burndown`](super::Burndown) are.
#[derive(Debug, Clone)]
pub struct MaxOutput {
    entries: PrefixTable<u64>,
    otherwise: u64,
}

impl MaxOutput {
    /// The best known values of 2026-11: some from model cards and the vendors' documentation,
    /// others at second hand, and not each was checked against its source. Where sources differ, the
    /// largest value. Where a quota is tight, look your model's maximum up and set it by
    /// [`with`](Self::with).
    ///
    /// 128,000 for Claude Opus and Sonnet 4.6 and later; 64,000 for Claude 3.7, Sonnet 4 and 4.5,
    /// Haiku 4.5 and Opus 4.5; 32,000 for Opus 4 and 4.1; 8,192 for Claude 3.5; 4,096 for earlier
    /// ones; 10,000 for Nova, 65,535 for Nova 2; 32,768 for DeepSeek; 16,384 for Llama 4, gpt-oss
    /// and Qwen3 Coder; 8,192 for Llama 3.1 to 3.3, Mistral, Qwen3 and Titan Text Express; 4,096
    /// for Mistral Large 2402, Mixtral, Command R, Jamba and Titan Text Lite; 3,072 for Titan Text
    /// Premier; 2,048 for earlier Llamas. 8,192 for any other model: most write no more, and it fits
    /// into the quota of a small account.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            entries: PrefixTable::new(STANDARD),
            otherwise: 8_192,
        }
    }

    /// Sets the maximum of the models whose ids begin with `prefix`, in tokens.
    #[must_use]
    pub fn with(mut self, prefix: impl Into<Cow<'static, str>>, tokens: u64) -> Self {
        self.entries.set(prefix.into(), tokens);
        self
    }

    /// Sets the maximum of models without an entry, in tokens. Default: 8,192.
    #[must_use]
    pub fn otherwise(mut self, tokens: u64) -> Self {
        self.otherwise = tokens;
        self
    }

    /// The maximum of a model, by its id, inference profile or ARN, in tokens.
    #[must_use]
    pub fn of(&self, model: &str) -> u64 {
        self.entries.get(model).unwrap_or(self.otherwise)
    }
}

impl Default for MaxOutput {
    fn default() -> Self {
        Self::standard()
    }
}

const STANDARD: &[(&str, u64)] = &[
    ("ai21.jamba", 4_096),
    ("amazon.nova-", 10_000),
    ("amazon.nova-2-", 65_535),
    ("amazon.titan-text-express", 8_192),
    ("amazon.titan-text-lite", 4_096),
    ("amazon.titan-text-premier", 3_072),
    ("anthropic.claude", 128_000),
    ("anthropic.claude-3-", 4_096),
    ("anthropic.claude-3-5", 8_192),
    ("anthropic.claude-3-7", 64_000),
    ("anthropic.claude-haiku-4-5", 64_000),
    ("anthropic.claude-instant", 4_096),
    ("anthropic.claude-opus-4-1", 32_000),
    ("anthropic.claude-opus-4-2025", 32_000),
    ("anthropic.claude-opus-4-5", 64_000),
    ("anthropic.claude-sonnet-4-2025", 64_000),
    ("anthropic.claude-sonnet-4-5", 64_000),
    ("anthropic.claude-v", 4_096),
    ("cohere.command-r", 4_096),
    ("deepseek.", 32_768),
    ("meta.llama2", 2_048),
    ("meta.llama3-70b", 2_048),
    ("meta.llama3-8b", 2_048),
    ("meta.llama4", 16_384),
    ("mistral.mistral-large-2402", 4_096),
    ("mistral.mixtral", 4_096),
    ("openai.gpt-oss", 16_384),
    ("qwen.qwen3-coder", 16_384),
];
