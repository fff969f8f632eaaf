/// The answers to one request that an event names, by their indices, and which of them are whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Choices {
    seen: u128,
    closed: u128,
}

impl Choices {
    pub(crate) fn open(&mut self, index: u32) {
        self.seen |= bit(index);
    }

    pub(crate) fn close(&mut self, index: u32) {
        self.seen |= bit(index);
        self.closed |= bit(index);
    }

    /// What has been closed stays so, whatever an event after that says.
    pub(crate) fn unite(&mut self, more: Self) {
        self.seen |= more.seen;
        self.closed |= more.closed;
    }

    /// Whether there are some, and each of them is closed.
    pub(crate) const fn are_whole(self) -> bool {
        self.seen != 0 && self.seen == self.closed
    }
}

fn bit(index: u32) -> u128 {
    // No family gives more answers to one request than there are places; more would share the last.
    1 << index.min(127)
}
