/// A call that was sent lately.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Call {
    pub(super) at: u64,
    pub(super) tokens: u64,
    /// How many were sent in the same slice of time.
    pub(super) calls: u32,
    pub(super) state: State,
}

/// What is known of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(super) enum State {
    Open,
    Confirmed,
    /// Throttled, cancelled or given up.
    #[default]
    Gone,
}
