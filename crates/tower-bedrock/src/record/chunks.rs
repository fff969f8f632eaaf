use bytes::Bytes;
use std::{collections::VecDeque, time::Duration};

/// The chunks of a body that have arrived, and how far each reader got.
///
/// Until [`forget`](Self::forget) all of them are kept, up to `bound` bytes. After that, and past the
/// bound, a chunk goes when every reader has read it, and the oldest go when there is more than `bound`
/// bytes behind the newest one: memory has a limit, and no reader waits for another one.
#[derive(Debug)]
pub(super) struct Chunks {
    held: VecDeque<Chunk>,
    /// The index of the first one that is held.
    first: u64,
    held_bytes: usize,
    /// The index of what each reader reads next, by the reader's number.
    cursors: Vec<(u64, u64)>,
    next_reader: u64,
    keep: Keep,
    bound: usize,
}

/// A chunk, and when it came, counted from the record's beginning.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) at: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Everything from the first byte on: new readers can join.
    All,
    /// What a reader still has to read.
    Unread,
}

/// What there is for a reader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Chunk(Bytes),
    /// It has read all there is.
    AtEnd,
    /// What it reads next is gone.
    Lost,
}

impl Chunks {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            held: VecDeque::new(),
            first: 0,
            held_bytes: 0,
            cursors: Vec::new(),
            next_reader: 0,
            keep: Keep::All,
            bound,
        }
    }

    /// A reader that begins at the first byte, unless that is gone.
    pub(super) fn join(&mut self) -> Option<u64> {
        if self.keep != Keep::All {
            return None;
        }
        let reader = self.next_reader;
        self.next_reader += 1;
        self.cursors.push((reader, 0));
        Some(reader)
    }

    pub(super) fn leave(&mut self, reader: u64) {
        self.cursors.retain(|&(other, _)| other != reader);
        self.trim();
    }

    pub(super) fn readers(&self) -> usize {
        self.cursors.len()
    }

    /// Whether there is one reader, and nobody can join it.
    pub(super) fn is_for_one(&self) -> bool {
        self.keep == Keep::Unread && self.cursors.len() == 1
    }

    /// Counts a chunk that [the one reader](Self::is_for_one), who has read all that is held, gets at once.
    pub(super) fn pass(&mut self) {
        self.first += 1;
        for (_, cursor) in &mut self.cursors {
            *cursor += 1;
        }
    }

    pub(super) fn push(&mut self, bytes: Bytes, at: Duration) {
        self.held_bytes += bytes.len();
        self.held.push_back(Chunk { bytes, at });
        if self.behind_newest() > self.bound {
            self.keep = Keep::Unread;
        }
        self.trim();
    }

    /// No reader joins from now on.
    pub(super) fn forget(&mut self) {
        self.keep = Keep::Unread;
        self.trim();
        self.held.shrink_to_fit();
        self.cursors.shrink_to_fit();
    }

    pub(super) fn next(&mut self, reader: u64) -> Next {
        let Some((_, cursor)) = self.cursors.iter_mut().find(|(other, _)| *other == reader) else {
            return Next::Lost;
        };
        let Some(at) = cursor.checked_sub(self.first) else {
            return Next::Lost;
        };
        let index = usize::try_from(at).unwrap_or(usize::MAX);
        let Some(chunk) = self.held.get(index) else {
            return Next::AtEnd;
        };
        *cursor += 1;
        let bytes = chunk.bytes.clone();
        if index == 0 {
            self.trim();
        }
        Next::Chunk(bytes)
    }

    /// All of the body so far, if nothing of it is gone.
    pub(super) fn all(&self) -> Option<impl Iterator<Item = &Chunk> + Clone> {
        (self.keep == Keep::All).then(|| self.held.iter())
    }

    /// One chunk may be of any length: only what is behind it is another one's lag.
    fn behind_newest(&self) -> usize {
        let newest = self.held.back().map_or(0, |chunk| chunk.bytes.len());
        self.held_bytes - newest
    }

    fn trim(&mut self) {
        if self.keep == Keep::All {
            return;
        }
        while self.first < self.unread() || self.behind_newest() > self.bound {
            let Some(chunk) = self.held.pop_front() else {
                return;
            };
            self.held_bytes -= chunk.bytes.len();
            self.first += 1;
        }
    }

    /// The index of the first chunk that somebody has still to read. A reader that has lost something
    /// reads no more.
    fn unread(&self) -> u64 {
        let cursors = self.cursors.iter().map(|&(_, cursor)| cursor);
        let slowest = cursors.filter(|&cursor| cursor >= self.first).min();
        slowest.unwrap_or(self.first + self.held.len() as u64)
    }
}

#[cfg(test)]
mod tests;
