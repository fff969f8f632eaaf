/// What a [`Store`](crate::Store) holds. A store of your own fills one in from its default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreSnapshot {
    /// Entries, expired ones that were not yet removed included.
    pub entries: u64,
    /// The weight of these entries, in the unit of the bound: bytes, if it is in bytes.
    pub weight: u64,
    /// Entries that were pushed out by others since the store was made.
    pub evicted: u64,
}
