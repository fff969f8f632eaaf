use super::{reader::Reader, recording::Recording, shared::Shared};
use std::{fmt, sync::Arc};

/// A body that is recorded while it is read.
///
/// This is a handle: it reads nothing, and without a [`Reader`] the body goes. See
/// [`Chunks`](super::chunks::Chunks) for what is kept of it.
pub struct Record<B> {
    shared: Arc<Shared<B>>,
}

impl<B> Record<B> {
    /// Takes a body of which up to `bound` bytes are kept, and its first reader.
    pub(crate) fn new(body: B, bound: usize) -> (Self, Reader<B>) {
        let (shared, first) = Shared::new(body, bound);
        let shared = Arc::new(shared);
        let reader = Reader::new(Arc::clone(&shared), first);
        (Self { shared }, reader)
    }

    /// Another reader, from the first byte on; `None` if that is not kept any more, or if everybody left
    /// before the end.
    pub(crate) fn join(&self) -> Option<Reader<B>> {
        let reader = self.shared.join()?;
        Some(Reader::new(Arc::clone(&self.shared), reader))
    }

    /// Keeps no more than what a reader has still to read.
    pub(crate) fn forget(&self) {
        self.shared.forget();
    }

    /// The whole body, if it has ended and nothing of it is gone.
    pub(crate) fn recording(&self) -> Option<Recording> {
        self.shared.recording()
    }
}

impl<B> Clone for Record<B> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<B> fmt::Debug for Record<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record").finish_non_exhaustive()
    }
}
