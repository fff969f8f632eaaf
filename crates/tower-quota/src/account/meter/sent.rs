/// The shadows at the time a call was sent, itself included.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    pub(super) deficit: u128,
    pub(super) least: u128,
    pub(super) window: u64,
    /// What a window has certainly counted, where that is more than a period brings.
    pub(super) certain: u64,
    /// What had been given back by then.
    pub(super) given: u64,
    pub(super) reason: Reason,
}

/// Why a call was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum Reason {
    #[default]
    Sure,
    Watched,
    Trial,
    AsksPhase,
    ByPhase,
    Oversize,
}
