use std::ops::AddAssign;

use super::unit::Unit;

/// An amount in each unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Amount {
    pub(crate) calls: u64,
    pub(crate) tokens: u64,
}

impl Amount {
    pub(crate) const NONE: Self = Self {
        calls: 0,
        tokens: 0,
    };

    pub(crate) fn call(tokens: u64) -> Self {
        Self { calls: 1, tokens }
    }

    pub(crate) fn of(self, unit: Unit) -> u64 {
        match unit {
            Unit::Calls => self.calls,
            Unit::Tokens => self.tokens,
        }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.tokens = self.tokens.saturating_add(other.tokens);
    }
}
