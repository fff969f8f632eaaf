use crate::model_id::{NO_TEXT, PrefixTable};
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
    /// others at second hand, and not each was checked against its source. Where a quota is tight,
    /// look your model's maximum up and set it by [`with`](Self::with).
    ///
    /// | tokens | models |
    /// |---|---|
    /// | 500,000 | Grok 4.6 |
    /// | 131,072 | Kimi K3 |
    /// | 128,000 | Claude Opus and Sonnet 4.6 and later, and any newer Claude; GLM |
    /// | 98,304 | Pegasus 1.5 |
    /// | 65,535 | Nova 2 |
    /// | 64,000 | Claude 3.7, Sonnet 4 and 4.5, Haiku 4.5, Opus 4.5 |
    /// | 40,000 | Magistral |
    /// | 32,000 | Claude Opus 4 and 4.1; Mistral Large 3, Devstral; Nemotron Super |
    /// | 16,384 | Pixtral; gpt-oss; Qwen3 Coder |
    /// | 16,000 | Kimi K2 |
    /// | 10,000 | Nova |
    /// | 8,192 | Claude 3.5; `DeepSeek` R1; Llama 3.1 to 4; Mistral, Qwen3, Titan Text Express; any other model: most write no more, and it fits into the quota of a small account |
    /// | 8,000 | `DeepSeek` V3 |
    /// | 4,096 | Claude before 3.5; Mistral Large 2402, Mixtral, Command R, Jamba, Titan Text Lite |
    /// | 3,072 | Titan Text Premier |
    /// | 2,048 | Llama 2 and 3.0 |
    /// | 0 | models that write no text: embeddings, images, rankings |
    #[must_use]
    pub fn standard() -> Self {
        let mut entries = PrefixTable::new(STANDARD);
        for &prefix in NO_TEXT {
            entries.set(prefix.into(), 0);
        }
        Self {
            entries,
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

    /// Whether something is told of just this id.
    pub(super) fn tells(&self, model: &str) -> bool {
        self.entries.get(model).is_some()
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
    ("anthropic.claude-opus-4-1-", 32_000),
    ("anthropic.claude-opus-4-2025", 32_000),
    ("anthropic.claude-opus-4-5", 64_000),
    ("anthropic.claude-sonnet-4-2025", 64_000),
    ("anthropic.claude-sonnet-4-5", 64_000),
    ("anthropic.claude-v", 4_096),
    ("cohere.command-r", 4_096),
    ("deepseek.r1", 8_192),
    ("deepseek.v3", 8_000),
    ("meta.llama2", 2_048),
    ("meta.llama3-70b", 2_048),
    ("meta.llama3-8b", 2_048),
    ("meta.llama4", 8_192),
    ("mistral.devstral", 32_000),
    ("mistral.magistral", 40_000),
    ("mistral.mistral-large-2402", 4_096),
    ("mistral.mistral-large-3", 32_000),
    ("mistral.mixtral", 4_096),
    ("mistral.pixtral", 16_384),
    ("moonshot.kimi-k2", 16_000),
    ("moonshotai.kimi-k2", 16_000),
    ("moonshotai.kimi-k3", 131_072),
    ("nvidia.nemotron-super", 32_000),
    ("openai.gpt-oss", 16_384),
    ("qwen.qwen3-coder", 16_384),
    ("twelvelabs.pegasus-1-5", 98_304),
    ("xai.grok-4.6", 500_000),
    ("zai.glm", 128_000),
];
