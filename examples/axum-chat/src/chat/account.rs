use serde::Serialize;
use tower_bedrock::{CacheStatus, ResponseMetadata};

/// How an answer came about: a part of the JSON, the last event of a stream.
#[derive(Debug, Serialize)]
pub(super) struct Account {
    /// Zero when the cache answered.
    input_tokens: u64,
    output_tokens: u64,
    attempts: u32,
    cached: bool,
}

impl From<&ResponseMetadata> for Account {
    fn from(meta: &ResponseMetadata) -> Self {
        let usage = meta.usage().unwrap_or_default();
        let cached = [CacheStatus::Hit, CacheStatus::Joined, CacheStatus::Stale];
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            attempts: meta.attempts(),
            cached: meta.cache().is_some_and(|cache| cached.contains(&cache)),
        }
    }
}
