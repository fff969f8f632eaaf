/// What became of the requests that were to be counted; see
/// [`CountTokensHandle::snapshot`](super::CountTokensHandle::snapshot).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CountTokensSnapshot {
    /// Requests that went on with their exact count.
    pub counted: u64,
    /// Requests that went on without, because the count failed or took too long.
    pub failed: u64,
    /// Requests that went on without, because a count for their model had failed a moment before.
    pub paused: u64,
}
