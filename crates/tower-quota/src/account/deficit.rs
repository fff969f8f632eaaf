/// What a server's bucket lacks of being full, whatever it holds.
///
/// It drains at the rate, never below nothing; charges add to it and refunds take from it. A
/// bucket that holds `K` admits a call of `x` exactly where `deficit + x ≤ K`, so one deficit
/// stands for the buckets of all sizes.
///
/// The level is counted in a unit of which the rate drains a whole number each nanosecond:
/// nothing is ever rounded.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Deficit {
    level: u128,
    dry: Dry,
}

/// When it was down to nothing last: a level, since when it drained, and how fast. The time is
/// seldom asked for, and takes a division.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
struct Dry {
    level: u128,
    from: u64,
    rate: u64,
}

impl Dry {
    fn at(from: u64) -> Self {
        Self {
            level: 0,
            from,
            rate: 0,
        }
    }

    fn is_by(&self, at: u64) -> bool {
        at >= self.from && u128::from(self.rate) * u128::from(at - self.from) >= self.level
    }
}

/// The beginning of time: nothing was used before it.
const FOR_EVER: u64 = 0;

impl Deficit {
    /// Of a bucket that has been full for ever.
    pub(crate) fn new() -> Self {
        Self {
            level: 0,
            dry: Dry::at(FOR_EVER),
        }
    }

    /// Of a bucket that lacks so much.
    pub(crate) fn at(level: u128) -> Self {
        Self {
            level,
            dry: Dry::at(FOR_EVER),
        }
    }

    pub(crate) fn level(&self) -> u128 {
        self.level
    }

    /// Whether the bucket is full, and was for so long.
    pub(crate) fn is_dry_for(&self, time: u64, now: u64) -> bool {
        self.level == 0
            && match now.checked_sub(time) {
                Some(at) => self.dry.is_by(at),
                // Only one that has been full for ever was so for longer than time has been.
                None => self.dry.is_by(FOR_EVER),
            }
    }

    /// Whether the bucket was full at any time after that.
    pub(crate) fn ran_dry_after(&self, at: u64) -> bool {
        self.level == 0 || !self.dry.is_by(at)
    }

    pub(crate) fn drain(&mut self, from: u64, to: u64, rate: u64) {
        if self.level > 0 {
            let level = self.level;
            self.level = drained(level, to - from, rate);
            if self.level == 0 {
                self.dry = Dry { level, from, rate };
            }
        }
    }

    /// When the level is down to `most`, if nothing is added.
    pub(crate) fn falls_to(&self, most: u128, now: u64, rate: u64) -> u64 {
        falls(self.level.saturating_sub(most), now, rate)
    }

    pub(crate) fn add(&mut self, amount: u128) {
        self.level = self.level.saturating_add(amount);
    }

    /// Takes `amount` off, but not below `floor`.
    pub(crate) fn give_back(&mut self, amount: u128, floor: u128, now: u64) {
        let rest = self.level.saturating_sub(amount);
        let level = rest.max(floor.min(self.level));
        if level == 0 && self.level > 0 {
            self.dry = Dry::at(now);
        }
        self.level = level;
    }

    pub(crate) fn raise_to(&mut self, level: u128) {
        self.level = self.level.max(level);
    }
}

/// What is left of `level` after that time.
pub(crate) fn drained(level: u128, time: u64, rate: u64) -> u128 {
    level.saturating_sub(u128::from(rate) * u128::from(time))
}

/// When `level` has drained.
pub(crate) fn falls(level: u128, now: u64, rate: u64) -> u64 {
    if level == 0 {
        return now;
    }
    if rate == 0 {
        return u64::MAX;
    }
    let wait = level.div_ceil(u128::from(rate));
    now.saturating_add(u64::try_from(wait).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
