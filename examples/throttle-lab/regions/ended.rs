use std::time::Duration;

use aws_sdk_bedrockruntime::types::ConverseMetrics;

use super::way::Answered;

/// One call, as its caller saw it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    /// Since the start of the run.
    pub(super) began: Duration,
    pub(super) took: Duration,
    pub(super) conversation: Option<usize>,
    /// None if it failed.
    pub(super) told: Option<Told>,
}

/// What an answer tells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) region: usize,
    /// What the model took.
    pub(super) model: Duration,
    pub(super) input: u64,
    pub(super) output: u64,
    /// Tokens written to a prompt cache.
    pub(super) written: u64,
    /// Tokens read from one, for which there is no charge in the end.
    pub(super) read: u64,
}

impl Ended {
    pub(super) fn at(&self) -> Duration {
        self.began + self.took
    }
}

impl Told {
    pub(super) fn of(answered: &Answered) -> Self {
        let output = &answered.output;
        let number = |count: i32| u64::from(count.unsigned_abs());
        let cached = |count: Option<i32>| count.map_or(0, number);
        let usage = output.usage().expect("an answer says its tokens");
        let took = output.metrics().map_or(0, ConverseMetrics::latency_ms);
        Self {
            region: answered.region,
            model: Duration::from_millis(took.unsigned_abs()),
            input: number(usage.input_tokens()),
            output: number(usage.output_tokens()),
            written: cached(usage.cache_write_input_tokens()),
            read: cached(usage.cache_read_input_tokens()),
        }
    }

    /// Tokens of quota in the end.
    pub(super) const fn charge(&self, burndown: u64) -> u64 {
        self.input + self.written + self.output * burndown
    }
}
