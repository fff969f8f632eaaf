use super::movable::Reason;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the calls of one Region came to.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    calls: AtomicU64,
    answered: AtomicU64,
    moved_in: AtomicU64,
    moved_away: [AtomicU64; Reason::ALL.len()],
}

/// Numbers alone: nothing else is ordered by them.
const ORDER: Ordering = Ordering::Relaxed;

impl Counts {
    /// A call goes there, first of all.
    pub(crate) fn call(&self) {
        self.calls.fetch_add(1, ORDER);
    }

    /// It was answered.
    pub(crate) fn answer(&self) {
        self.answered.fetch_add(1, ORDER);
    }

    /// A call comes from another Region.
    pub(crate) fn comes(&self) {
        self.moved_in.fetch_add(1, ORDER);
    }

    /// A call goes to another Region.
    pub(crate) fn goes(&self, reason: Reason) {
        self.moved_away[reason as usize].fetch_add(1, ORDER);
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(ORDER)
    }

    pub(crate) fn answered(&self) -> u64 {
        self.answered.load(ORDER)
    }

    pub(crate) fn moved_in(&self) -> u64 {
        self.moved_in.load(ORDER)
    }

    pub(crate) fn moved_away(&self, reason: Reason) -> u64 {
        self.moved_away[reason as usize].load(ORDER)
    }
}
