use super::GiveUpCause;

/// A call was worth a retry and gets none, as [`on_give_up`](crate::BackoffLayer::on_give_up) is
/// told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GiveUpEvent {
    /// The layer's [`name`](crate::BackoffLayer::name).
    pub name: &'static str,
    /// Why it is not made again.
    pub cause: GiveUpCause,
    /// The attempts made, the first included.
    pub attempts: u32,
}
