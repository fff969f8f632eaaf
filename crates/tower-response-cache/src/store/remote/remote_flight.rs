use std::fmt;

use super::RemoteEntry;

/// What a [`RemoteStore`](crate::RemoteStore) has for a flight that found nothing in its own process.
#[derive(Debug)]
#[non_exhaustive]
pub enum RemoteFlight {
    /// The entry of the key.
    Found(RemoteEntry),
    /// Nothing, and this process makes the call.
    Lead(RemoteLead),
    /// Nothing yet: another process makes the call.
    Elsewhere,
}

/// The lead of a flight among the processes that share a store.
///
/// The cache drops it when the call is over and its answer is written, or when nobody wants the answer any
/// more. Then others may lead.
pub struct RemoteLead(
    #[expect(dead_code, reason = "it is held for its drop")] Option<Box<dyn Send + Sync>>,
);

impl RemoteLead {
    /// A lead that `guard` gives back when it is dropped.
    #[must_use]
    pub fn new(guard: impl Send + Sync + 'static) -> Self {
        Self(Some(Box::new(guard)))
    }

    /// A lead of which other processes know nothing.
    #[must_use]
    pub const fn alone() -> Self {
        Self(None)
    }
}

impl fmt::Debug for RemoteLead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteLead").finish_non_exhaustive()
    }
}
