use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// How many times the answers of each target were invalidated.
///
/// The count is part of every key. So an invalidation reaches each answer of a target, whatever else is
/// in its key, and every call under way, without a look at any of them: nobody asks for their keys again,
/// and the store pushes out what is not asked for. Targets share counts, so an invalidation makes one in
/// 1,024 of the others call once more.
pub(crate) struct Generations {
    counts: Box<[AtomicU64]>,
    hasher: RandomState,
}

const COUNTS: usize = 1024;

impl Generations {
    pub(crate) fn new() -> Self {
        Self {
            counts: (0..COUNTS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    pub(crate) fn of(&self, target: &[u8]) -> u64 {
        // Relaxed: whoever has seen an unsafe request answered is ordered after it by that.
        self.count(target).load(Ordering::Relaxed)
    }

    pub(crate) fn invalidate(&self, target: &[u8]) {
        self.count(target).fetch_add(1, Ordering::Relaxed);
    }

    fn count(&self, target: &[u8]) -> &AtomicU64 {
        &self.counts[self.hasher.hash_one(target) as usize % COUNTS]
    }
}
