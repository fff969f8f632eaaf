use crate::limit::Amount;

/// What happened so far.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Counts {
    /// Admitted and not settled yet.
    pub(crate) pending: Amount,
    /// What settled calls had reserved, and what they came to, in tokens.
    pub(crate) reserved: u64,
    pub(crate) used: u64,
    pub(crate) throttled: u64,
}
