use crate::response::Usage;
use std::time::Duration;

/// What the calls of one key have used since the [`Monitor`](super::Monitor) was made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Calls that have ended, failed ones included; in a stack with retries each attempt is one.
    pub calls: u64,
    /// Those of them whose usage is known.
    pub answers: u64,
    /// Calls that set no `max_tokens`.
    pub unset: u64,
    /// Answers that `max_tokens` cut off.
    pub cut_off: u64,
    /// The tokens that the answers were reported to have used.
    pub usage: Usage,
    /// The tokens that were reserved for all calls.
    pub reserved_tokens: u64,
    /// The tokens that all calls were charged in the end.
    pub charged_tokens: u64,
    /// The `max_tokens` that the answers so far suggest, be it more or less than what calls ask
    /// for; `None` before the first answer.
    pub suggested_max_tokens: Option<u32>,
    /// Streams among the calls that came to an end, well or not.
    pub streams: u64,
    /// From the call of a stream to its first event, on average.
    pub first_event: Option<Duration>,
    /// From one event of a stream to the next, the average of the streams' averages.
    pub between_events: Option<Duration>,
}

impl Snapshot {
    /// How many times more tokens were reserved than charged, or `None` where nothing was charged.
    ///
    /// Bedrock charges a prompt-cache read when a call comes and not in the end: calls that read
    /// much of it are above 1 whatever their `max_tokens`.
    #[must_use]
    pub fn over_reservation(&self) -> Option<f64> {
        (self.charged_tokens > 0).then(|| self.reserved_tokens as f64 / self.charged_tokens as f64)
    }
}
