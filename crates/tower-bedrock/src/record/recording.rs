use super::chunks::Chunk;
use crate::heap::{COUNTS, shared_bytes};
use bytes::{Bytes, BytesMut};
use std::{fmt, sync::Arc, time::Duration};

/// A whole body, and how it came.
///
/// # Clone
///
/// Clones share the bytes.
#[derive(Clone)]
pub struct Recording {
    bytes: Bytes,
    pace: Arc<[(usize, Duration)]>,
}

impl Recording {
    /// Copies the chunks, once: they are parts of larger buffers, which would be kept with them.
    pub(super) fn of<'a>(chunks: impl Iterator<Item = &'a Chunk> + Clone) -> Self {
        let length = chunks.clone().map(|chunk| chunk.bytes.len()).sum();
        let mut bytes = BytesMut::with_capacity(length);
        let pace = chunks.map(|chunk| {
            bytes.extend_from_slice(&chunk.bytes);
            (chunk.bytes.len(), chunk.at)
        });
        let pace = pace.collect();
        Self {
            bytes: bytes.freeze(),
            pace,
        }
    }

    /// What was read from a store: the bytes of all chunks, and the chunks' lengths and times.
    pub(crate) fn of_parts(
        bytes: Bytes,
        pace: impl IntoIterator<Item = (usize, Duration)>,
    ) -> Self {
        Self {
            bytes,
            pace: pace.into_iter().collect(),
        }
    }

    /// About how many bytes it takes in memory.
    pub(crate) fn weight(&self) -> u64 {
        let pace = COUNTS + size_of_val(&*self.pace);
        (COUNTS + size_of::<Self>() + shared_bytes(self.bytes.len()) + pace) as u64
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The length of each chunk in bytes, and when it came, counted from the first moment.
    pub(crate) fn pace(&self) -> &[(usize, Duration)] {
        &self.pace
    }
}

/// Without the bytes, which have the answer in them.
impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
