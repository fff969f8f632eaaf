use std::{collections::VecDeque, time::Duration};

/// A token in units of which a quota of `n` a minute brings `n` in a nanosecond: exact in integers.
const TOKEN: i128 = 60 * 1_000_000_000;
const MILLISECOND: i128 = 1_000_000;

/// One quota as the server counts it, in calls or tokens, and what has been spent of it. Times are
/// in milliseconds and do not go back.
#[derive(Debug)]
pub(super) enum Meter {
    Bucket {
        /// In units a nanosecond.
        rate: i128,
        capacity: i128,
        level: i128,
        at: u64,
    },
    /// What was spent above the limit of one period is taken from the next.
    Fixed {
        limit: u64,
        period: u64,
        current: u64,
        used: u64,
    },
    /// A refund counts from when its call came, a debt from when that ended.
    Sliding {
        limit: u64,
        period: u64,
        charges: VecDeque<(u64, u64)>,
        /// How many charges were there before the first of these.
        gone: u64,
        used: u64,
    },
}

impl Meter {
    /// Full, with room for `burst` worth of the rate and for `least`.
    pub(super) fn bucket(per_minute: u64, burst: Duration, least: u64) -> Self {
        let rate = i128::from(per_minute);
        let worth = rate * i128::try_from(burst.as_nanos()).unwrap_or(i128::MAX / rate);
        let capacity = worth.max(i128::from(least) * TOKEN);
        Self::Bucket {
            rate,
            capacity,
            level: capacity,
            at: 0,
        }
    }

    /// Periods one after the other from time 0.
    pub(super) fn fixed(limit: u64, period: u64) -> Self {
        Self::Fixed {
            limit,
            period,
            current: 0,
            used: 0,
        }
    }

    /// The period before each call.
    pub(super) fn sliding(limit: u64, period: u64) -> Self {
        Self::Sliding {
            limit,
            period,
            charges: VecDeque::new(),
            gone: 0,
            used: 0,
        }
    }

    /// The first time at which so much may fit, if nothing is charged or given back until then.
    pub(super) fn fits_at(&mut self, now: u64, amount: u64) -> u64 {
        self.advance(now);
        match self {
            Self::Bucket { rate, level, .. } => {
                let missing = i128::from(amount) * TOKEN - *level;
                let missing = u128::try_from(missing).unwrap_or(0);
                let takes = missing.div_ceil((*rate * MILLISECOND).unsigned_abs());
                now.saturating_add(u64::try_from(takes).unwrap_or(u64::MAX))
            }
            Self::Fixed {
                limit,
                period,
                current,
                used,
            } => {
                let periods = (*used + amount).saturating_sub(*limit).div_ceil(*limit);
                if periods == 0 {
                    now
                } else {
                    (*current + periods) * *period
                }
            }
            Self::Sliding {
                limit,
                period,
                charges,
                used,
                ..
            } => {
                let missing = (*used + amount).saturating_sub(*limit);
                if missing == 0 {
                    return now;
                }
                let mut freed = 0;
                let enough = charges.iter().find(|(_, amount)| {
                    freed += amount;
                    freed >= missing
                });
                enough.map_or(u64::MAX, |(at, _)| at + *period)
            }
        }
    }

    /// Takes so much, and returns by what a correction finds it.
    pub(super) fn charge(&mut self, now: u64, amount: u64) -> u64 {
        self.advance(now);
        match self {
            Self::Bucket { level, .. } => {
                *level -= i128::from(amount) * TOKEN;
                0
            }
            Self::Fixed { current, used, .. } => {
                *used += amount;
                *current
            }
            Self::Sliding {
                charges,
                gone,
                used,
                ..
            } => {
                charges.push_back((now, amount));
                *used += amount;
                *gone + charges.len() as u64 - 1
            }
        }
    }

    /// Makes of a charge of `from` one of `to`.
    pub(super) fn correct(&mut self, now: u64, mark: u64, from: u64, to: u64) {
        if to > from {
            self.charge(now, to - from);
            return;
        }
        self.advance(now);
        let refund = from - to;
        match self {
            Self::Bucket {
                level, capacity, ..
            } => {
                *level = (*level + i128::from(refund) * TOKEN).min(*capacity);
            }
            Self::Fixed { current, used, .. } => {
                // A period that is over takes nothing back.
                if mark == *current {
                    *used -= refund;
                }
            }
            Self::Sliding {
                charges,
                gone,
                used,
                ..
            } => {
                let index = mark.checked_sub(*gone).map(|index| index as usize);
                if let Some((_, amount)) = index.and_then(|index| charges.get_mut(index)) {
                    *amount -= refund;
                    *used -= refund;
                }
            }
        }
    }

    fn advance(&mut self, now: u64) {
        match self {
            Self::Bucket {
                rate,
                capacity,
                level,
                at,
            } => {
                let came = *rate * i128::from(now - *at) * MILLISECOND;
                *level = (*level + came).min(*capacity);
                *at = now;
            }
            Self::Fixed {
                limit,
                period,
                current,
                used,
            } => {
                let passed = now / *period - *current;
                *used = used.saturating_sub(limit.saturating_mul(passed));
                *current += passed;
            }
            Self::Sliding {
                period,
                charges,
                gone,
                used,
                ..
            } => {
                while let Some(&(at, amount)) = charges.front()
                    && now - at >= *period
                {
                    charges.pop_front();
                    *gone += 1;
                    *used -= amount;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    #[test]
    fn a_bucket_fills_up_to_what_it_holds() {
        let mut bucket = Meter::bucket(60, Duration::from_secs(10), 1);
        assert_eq!(bucket.fits_at(500_000, 10), 500_000);
        bucket.charge(500_000, 10);
        assert_eq!(bucket.fits_at(500_000, 1), 501_000);
        assert_eq!(bucket.fits_at(500_999, 1), 501_000);
        assert_eq!(bucket.fits_at(501_000, 1), 501_000);
        // A refund fills it no further either.
        bucket.correct(509_000, 0, 10, 0);
        assert_eq!(bucket.fits_at(509_000, 10), 509_000);
        assert_eq!(bucket.fits_at(509_000, 11), 510_000);
        bucket.correct(510_000, 0, 0, 12);
        assert_eq!(bucket.fits_at(510_000, 1), 513_000);
        assert_eq!(Meter::bucket(60, Duration::ZERO, 1).fits_at(0, 1), 0);
    }

    #[test]
    fn a_fixed_minute_takes_back_its_own_and_pays_for_the_debts_of_others() {
        let mut fixed = Meter::fixed(100, MINUTE);
        let mark = fixed.charge(30_000, 80);
        assert_eq!(fixed.fits_at(30_000, 30), 60_000);
        fixed.correct(40_000, mark, 80, 70);
        assert_eq!(fixed.fits_at(40_000, 30), 40_000);
        let old = fixed.charge(59_999, 30);
        fixed.charge(60_000, 100);
        fixed.correct(61_000, old, 30, 0);
        assert_eq!(fixed.fits_at(61_000, 1), 120_000);
        fixed.correct(62_000, old, 30, 180);
        assert_eq!(fixed.fits_at(62_000, 1), 180_000);
        assert_eq!(fixed.fits_at(62_000, 100), 240_000);
    }

    #[test]
    fn a_sliding_minute_forgets_each_charge_after_a_minute() {
        let mut sliding = Meter::sliding(100, MINUTE);
        let first = sliding.charge(0, 60);
        sliding.charge(10_000, 40);
        assert_eq!(sliding.fits_at(10_000, 1), 60_000);
        assert_eq!(sliding.fits_at(10_000, 61), 70_000);
        assert_eq!(sliding.fits_at(59_999, 60), 60_000);
        sliding.correct(20_000 + 40_000, first, 60, 0);
        assert_eq!(sliding.fits_at(60_000, 61), 70_000);
        let third = sliding.charge(65_000, 60);
        sliding.correct(66_000, third, 60, 10);
        assert_eq!(sliding.fits_at(66_000, 50), 66_000);
        // A debt is spent when it is found.
        sliding.correct(68_000, third, 0, 50);
        assert_eq!(sliding.fits_at(68_000, 41), 125_000);
        assert_eq!(sliding.fits_at(68_000, 51), 128_000);
    }
}
