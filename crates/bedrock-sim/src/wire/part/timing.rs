use std::time::Duration;

use serde_json::{Value, json};

use crate::model::{Latency, TokenUsage};

/// The milliseconds an answer reports to have taken.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) whole: u64,
    first: u64,
}

impl Timing {
    /// The times of an answer of `tokens` output tokens.
    ///
    /// They come from the configured latency and not from a clock, so that the same seed and
    /// request give the same bytes.
    pub(crate) fn new(latency: Latency, tokens: u64) -> Self {
        Self {
            whole: millis(latency.until(tokens)),
            first: millis(latency.until(1)),
        }
    }

    /// What Bedrock adds to the last chunk of every model's stream.
    pub(crate) fn invocation_metrics(self, usage: &TokenUsage) -> Value {
        let mut metrics = json!({
            "inputTokenCount": usage.input,
            "outputTokenCount": usage.output,
            "invocationLatency": self.whole,
            "firstByteLatency": self.first,
        });
        if usage.cache.read + usage.cache.write > 0 {
            metrics["cacheReadInputTokenCount"] = usage.cache.read.into();
            metrics["cacheWriteInputTokenCount"] = usage.cache.write.into();
        }
        metrics
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
