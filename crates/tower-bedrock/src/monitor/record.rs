use crate::response::Usage;
use std::time::Duration;

/// One call that has ended, as [`Monitor::record`](super::Monitor::record) counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The tokens that were reserved for it.
    pub reserved_tokens: u64,
    /// The most output tokens that it asked for, if it said so.
    pub max_tokens: Option<u32>,
    /// What it was reported to have used; `None` if that is not known, as of a call that failed.
    pub usage: Option<Usage>,
    /// The tokens that it was charged in the end.
    pub charged_tokens: u64,
    /// Of a stream: from the call to the first event.
    pub first_event: Option<Duration>,
    /// Of a stream: from one event to the next, on average.
    pub between_events: Option<Duration>,
    /// Whether the answer ended because `max_tokens` was reached.
    pub cut_off: bool,
}
