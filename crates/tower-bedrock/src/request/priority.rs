/// Who goes first where calls queue. Low priority waits longer, never for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// Work that nobody waits for, such as a nightly batch.
    Low,
    /// Everything that says nothing else.
    #[default]
    Normal,
    /// Work that a person is waiting for.
    High,
}
