use super::CacheTokens;

/// What an answer reports to have used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TokenUsage {
    /// Without what the cache read or wrote.
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cache: CacheTokens,
}

impl TokenUsage {
    pub(crate) fn total(&self) -> u64 {
        self.input + self.output + self.cache.read + self.cache.write
    }
}
