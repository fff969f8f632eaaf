/// Up to where a log was read, whose entries have consecutive numbers. Plain data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position(u64);

impl Position {
    /// After the entry of that number.
    pub(crate) const fn after(number: u64) -> Self {
        Self(number)
    }

    /// The number of the last entry that was read.
    pub(crate) const fn number(self) -> u64 {
        self.0
    }

    /// An entry was read. Says whether it is the next one; if not, some were missed.
    pub(crate) fn advance(&mut self, number: u64) -> bool {
        let is_next = self.0.checked_add(1) == Some(number);
        self.0 = number;
        is_next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_that_is_not_the_next_one_tells_of_missed_entries() {
        let mut position = Position::after(3);
        assert!(position.advance(4));
        assert!(!position.advance(6));
        assert!(position.advance(7));
        assert!(!position.advance(1), "of a log that was made anew");
        assert_eq!(position.number(), 1);
    }
}
