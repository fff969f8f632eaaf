/// How many calls there were, and how many of them were bad: failed, or slow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) calls: u64,
    pub(crate) bad: u64,
}
