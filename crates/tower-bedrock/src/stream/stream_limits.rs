use std::time::Duration;

/// How long the reader of a stream waits for an event before the stream ends with
/// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout).
///
/// Only time counts in which the reader waits: one that takes long over an event loses nothing. Once the
/// message is whole, what is left is waited for 10 seconds at most, and a stream that stalls then has
/// ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamLimits {
    pub(super) first_event: Option<Duration>,
    pub(super) next_event: Option<Duration>,
}

impl StreamLimits {
    /// 6 minutes to the first event, 20 minutes from one event to the next.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            first_event: Some(Duration::from_secs(360)),
            next_event: Some(Duration::from_secs(1200)),
        }
    }

    /// Sets how long the first event may take, from when the answer's head is there; `None` for ever.
    /// Default: 6 minutes, as long as an attempt takes at most in a [`StackLayer`](crate::StackLayer).
    ///
    /// The model reads the prompt in that time. It does not think before the first event.
    #[must_use]
    pub const fn first_event(mut self, limit: Option<Duration>) -> Self {
        self.first_event = limit;
        self
    }

    /// Sets how long each later event may take; `None` for ever. Default: 20 minutes.
    ///
    /// A model may think without a word: 64,000 tokens that it does not show take 19 minutes at 55 tokens
    /// a second. Where no model thinks that long, less finds a dead connection sooner.
    #[must_use]
    pub const fn next_event(mut self, limit: Option<Duration>) -> Self {
        self.next_event = limit;
        self
    }
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self::new()
    }
}
