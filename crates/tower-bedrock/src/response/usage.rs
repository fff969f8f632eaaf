use aws_sdk_bedrockruntime::types::TokenUsage;

/// Tokens that a call was reported to have used.
///
/// As on the wire, `input_tokens` does not include the tokens that prompt caching read or wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Input tokens that the model read afresh.
    pub input_tokens: u64,
    /// Output tokens that the model wrote.
    pub output_tokens: u64,
    /// Input tokens that came out of Bedrock's prompt cache.
    pub cache_read_tokens: u64,
    /// Input tokens that were put into Bedrock's prompt cache.
    pub cache_write_tokens: u64,
}

impl Usage {
    /// Usage of a call that touched no prompt cache, in tokens.
    #[must_use]
    pub const fn new(input_tokens: u64, output_tokens: u64) -> Self {
        Self {
            input_tokens,
            output_tokens,
            cache_read_tokens: 0,
            cache_write_tokens: 0,
        }
    }

    /// Every token of the call: input, output, and prompt-cache reads and writes.
    #[must_use]
    pub const fn total_tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.output_tokens)
            .saturating_add(self.cache_read_tokens)
            .saturating_add(self.cache_write_tokens)
    }

    /// Every token of the prompt, whether a prompt cache took part or not.
    pub(crate) const fn prompt_tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.cache_read_tokens)
            .saturating_add(self.cache_write_tokens)
    }

    /// Both together.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cache_read_tokens: self
                .cache_read_tokens
                .saturating_add(other.cache_read_tokens),
            cache_write_tokens: self
                .cache_write_tokens
                .saturating_add(other.cache_write_tokens),
        }
    }
}

impl From<&TokenUsage> for Usage {
    fn from(reported: &TokenUsage) -> Self {
        let count = |tokens: i32| u64::try_from(tokens).unwrap_or(0);
        Self {
            input_tokens: count(reported.input_tokens),
            output_tokens: count(reported.output_tokens),
            cache_read_tokens: count(reported.cache_read_input_tokens.unwrap_or(0)),
            cache_write_tokens: count(reported.cache_write_input_tokens.unwrap_or(0)),
        }
    }
}
