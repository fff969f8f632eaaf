use super::Error;

/// What of a stream its reader had when an error ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivered {
    pub(crate) events: u64,
    pub(crate) text_bytes: u64,
}

/// What of a stream its reader had.
impl Error {
    /// How many events of a stream came before this error ended it. `None` if the error came in the
    /// place of the first event, or is of no stream.
    #[must_use]
    pub fn events_delivered(&self) -> Option<u64> {
        self.repr.delivered.map(|delivered| delivered.events)
    }

    /// How much text, in bytes of UTF-8, the events had that came before this error. `None` as with
    /// [`events_delivered`](Self::events_delivered).
    #[must_use]
    pub fn text_delivered(&self) -> Option<u64> {
        self.repr.delivered.map(|delivered| delivered.text_bytes)
    }

    /// Sets what [`events_delivered`](Self::events_delivered) and
    /// [`text_delivered`](Self::text_delivered) answer.
    #[must_use]
    pub fn with_delivered(mut self, events: u64, text_bytes: u64) -> Self {
        self.repr_mut().delivered = Some(Delivered { events, text_bytes });
        self
    }
}
