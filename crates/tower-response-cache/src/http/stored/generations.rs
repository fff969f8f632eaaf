use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// How many times the answers of each target were invalidated.
///
/// The count is part of every key. So an invalidation reaches each answer of a target, whatever else is
/// in its key, and every call under way, without a look at any of them: nobody asks for their keys again,
/// and the store pushes out what is not asked for. Targets share counts, so an invalidation makes one in
/// 1,024 of the others call once more.
pub(crate) struct Generations {
    by_target: Counts,
    by_path: Counts,
    hasher: RandomState,
}

type Counts = Box<[AtomicU64]>;

const COUNTS: usize = 1024;

impl Generations {
    pub(crate) fn new() -> Self {
        let counts = || (0..COUNTS).map(|_| AtomicU64::new(0)).collect();
        Self {
            by_target: counts(),
            by_path: counts(),
            hasher: RandomState::new(),
        }
    }

    /// That of a target, and that of its path under every authority: neither ever falls, so their sum tells
    /// of each invalidation.
    pub(crate) fn of(&self, target: &[u8], path: &str) -> u64 {
        // Relaxed: whoever has seen an unsafe request answered is ordered after it by that.
        let count = |counts, of: &[u8]| self.count(counts, of).load(Ordering::Relaxed);
        count(&self.by_target, target) + count(&self.by_path, path.as_bytes())
    }

    pub(crate) fn invalidate(&self, target: &[u8]) {
        let count = self.count(&self.by_target, target);
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Invalidates the path under every authority.
    pub(crate) fn invalidate_path(&self, path: &str) {
        let count = self.count(&self.by_path, path.as_bytes());
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn count<'a>(&self, counts: &'a Counts, of: &[u8]) -> &'a AtomicU64 {
        &counts[self.hasher.hash_one(of) as usize % COUNTS]
    }
}
