use std::{fmt, sync::Arc, time::Duration};

/// An entry of a [`RemoteStore`](crate::RemoteStore).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteEntry {
    /// The value and what belongs to it, to be given back as they are.
    pub bytes: Vec<u8>,
    /// How long the entry is of use from now on; [`Duration::MAX`] is for ever.
    pub expires_in: Duration,
    /// When its call began: microseconds since 1970, by the clock of the process that made it. Later calls
    /// have larger versions. Not needed when it is read: the bytes have it too.
    pub version: u64,
    /// The tags by which it is to be found. Not needed when it is read: the bytes have them too.
    pub tags: Arc<[Arc<str>]>,
}

impl RemoteEntry {
    /// What a store read: the bytes that were inserted, and the time that is left to them.
    #[must_use]
    pub fn new(bytes: Vec<u8>, expires_in: Duration) -> Self {
        Self {
            bytes,
            expires_in,
            version: 0,
            tags: Arc::default(),
        }
    }
}

// The bytes may be an answer of a user's; they stay out of any log.
impl fmt::Debug for RemoteEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteEntry")
            .field("length", &self.bytes.len())
            .field("expires_in", &self.expires_in)
            .field("version", &self.version)
            .field("tags", &self.tags)
            .finish()
    }
}
