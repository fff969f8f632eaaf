use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use super::key::HttpKey;

/// Keys whose last response was for its caller alone.
///
/// A flight is of no use to those who would join it there: they would wait for its response to make
/// their own calls then. The table forgets a key when another takes its place, and then there is one more
/// flight.
pub(crate) struct Unshared {
    hashes: Box<[AtomicU64]>,
    hasher: RandomState,
}

const PLACES: usize = 1024;

impl Unshared {
    pub(crate) fn new() -> Self {
        Self {
            hashes: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    pub(crate) fn has(&self, key: &HttpKey) -> bool {
        let (hash, place) = self.place(key);
        // Relaxed, here and below: whoever sees an old state makes a call too many, or waits for one.
        place.load(Ordering::Relaxed) == hash
    }

    pub(crate) fn add(&self, key: &HttpKey) {
        let (hash, place) = self.place(key);
        place.store(hash, Ordering::Relaxed);
    }

    pub(crate) fn remove(&self, key: &HttpKey) {
        let (hash, place) = self.place(key);
        // Another key may have taken the place; it stays.
        let _ = place.compare_exchange(hash, 0, Ordering::Relaxed, Ordering::Relaxed);
    }

    fn place(&self, key: &HttpKey) -> (u64, &AtomicU64) {
        // 0 is an empty place.
        let hash = self.hasher.hash_one(key).max(1);
        (hash, &self.hashes[hash as usize % PLACES])
    }
}
