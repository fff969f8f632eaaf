use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;

use crate::flight::callers::written::Write;

/// One flight.
#[derive(Debug)]
pub(super) struct Row<W, A> {
    pub(super) id: u64,
    /// Its answer may be stored: it was not invalidated, and no later call of this key has claimed the
    /// store.
    pub(super) keepable: bool,
    /// Whoever asks now may have its answer: it was not invalidated, and has not ended.
    pub(super) joinable: bool,
    /// Its callers have their answer, which is still being written to the remote store.
    pub(super) writing: Option<Write>,
    /// Its answer, which its callers have and which has not come to its end. Whoever asks meanwhile gets
    /// it too, and nobody waits.
    pub(super) going_on: Option<A>,
    /// When it is given up, if it goes on without a caller to drive it.
    pub(super) deadline: Option<Instant>,
    /// The tags that its answer may have, if they are known before it; all others it has not.
    pub(super) possible_tags: Option<Arc<[Arc<str>]>>,
    /// The tags of its answer, once that is known.
    pub(super) tags: Option<Arc<[Arc<str>]>>,
    /// The tags that were invalidated meanwhile.
    pub(super) revoked: Vec<Arc<str>>,
    /// Its calls that failed, one after the other.
    pub(super) failures: u32,
    /// By ticket, so in the order in which they came.
    pub(super) waiters: BTreeMap<u64, W>,
}

impl<W, A> Row<W, A> {
    pub(super) const fn new(id: u64) -> Self {
        Self {
            id,
            keepable: true,
            joinable: true,
            writing: None,
            going_on: None,
            deadline: None,
            possible_tags: None,
            tags: None,
            revoked: Vec::new(),
            failures: 0,
            waiters: BTreeMap::new(),
        }
    }

    /// Whether whoever asks now may have its answer. `now` is asked only for a flight with a deadline.
    pub(super) fn is_joinable(&self, now: impl FnOnce() -> Instant) -> bool {
        self.joinable && self.deadline.is_none_or(|deadline| now() < deadline)
    }

    /// Keeps it from being stored or joined.
    pub(super) fn revoke(&mut self) {
        self.keepable = false;
        self.joinable = false;
    }

    /// Keeps it from being joined if its answer may have `tag`, and from being stored if it has.
    pub(super) fn revoke_tag(&mut self, tag: &Arc<str>) {
        let cannot_have = |tags: &Arc<[_]>| !tags.contains(tag);
        if self.possible_tags.as_ref().is_some_and(cannot_have) {
            return;
        }
        self.joinable = false;
        // Tags that are known were claimed: the answer may be stored already, and its flight has to
        // take it back. An answer whose tags come later is compared with the revoked ones when it
        // claims the store.
        let has_tag = |tags: &Arc<[_]>| tags.contains(tag);
        self.keepable &= !self.tags.as_ref().is_some_and(has_tag);
        if !self.revoked.contains(tag) {
            self.revoked.push(Arc::clone(tag));
        }
    }
}
