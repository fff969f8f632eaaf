/// A part of a clock that goes round once each period: from one time to another, and the same a
/// period before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Arc {
    pub(crate) from: u64,
    pub(crate) to: u64,
}

impl Arc {
    pub(crate) fn len(self) -> u64 {
        self.to - self.from
    }

    /// The last of it that has begun by `now`.
    pub(crate) fn last_at(self, now: u64, period: u64) -> Self {
        if self.from > now {
            return self.shifted_back(period);
        }
        let periods = (now - self.from) / period * period;
        self.shifted(periods)
    }

    /// What lies in both, which begin within a period of each other: of two pieces the longer one.
    pub(crate) fn both(self, other: Self, period: u64) -> Option<Self> {
        let pairs = [
            (self, other),
            (self.shifted(period), other),
            (self, other.shifted(period)),
        ];
        let pieces = pairs.into_iter().filter_map(|(one, other)| {
            let (from, to) = (one.from.max(other.from), one.to.min(other.to));
            (from < to).then_some(Self { from, to })
        });
        pieces.max_by_key(|piece| piece.len())
    }

    fn shifted(self, by: u64) -> Self {
        Self {
            from: self.from + by,
            to: self.to + by,
        }
    }

    fn shifted_back(self, by: u64) -> Self {
        match self.from.checked_sub(by) {
            Some(from) => Self {
                from,
                to: self.to - by,
            },
            None => self,
        }
    }
}

#[cfg(test)]
mod tests;
