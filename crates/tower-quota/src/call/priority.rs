/// Who goes first of the calls that wait.
///
/// Within a priority tenants take turns by what they ask for, and the calls of a tenant go in the
/// order they came. A call is overtaken by those of the next higher priority only if they come
/// no later than the [aging](crate::QuotaLayer::aging) after it, so the lowest still moves. In a
/// full queue the lowest priority gives way to a higher one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// Somebody is looking at a screen.
    High,
    /// Neither of the others.
    #[default]
    Normal,
    /// Work that has time.
    Low,
}

impl Priority {
    pub(crate) const COUNT: usize = 3;

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}
