use std::time::Duration;

use super::RetryCause;

/// A call is about to wait and to be made again, as [`on_retry`](crate::BackoffLayer::on_retry) is
/// told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryEvent {
    /// The layer's [`name`](crate::BackoffLayer::name).
    pub name: &'static str,
    /// Why it is made again.
    pub cause: RetryCause,
    /// The attempts made so far, the first included.
    pub attempts: u32,
    /// The wait that begins now.
    pub wait: Duration,
}
