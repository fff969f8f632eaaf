use std::fmt;
use std::time::Duration;

use super::unit::Unit;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// So many calls or tokens in a period of time.
///
/// A server says how much there is, and not how it counts: by a bucket that refills evenly and
/// holds little or much, or by a window, the last minute or minutes of the clock. That is learned
/// from what it admits and throttles, at the cost of a few throttles. Until something is learned
/// calls go as all of these would let them: what the rate brings in a second at once, and then
/// evenly. [`burst`](Self::burst) and [`window`](Self::window) tell what is known already.
///
/// A limit whose period is an hour or longer is a window, and nothing is tried on it.
///
/// A call larger than what a bucket is known to hold goes when the bucket is full; one larger than
/// the amount is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub(crate) unit: Unit,
    /// What a period brings; of no account where `probing`.
    pub(crate) amount: u64,
    pub(crate) period: Duration,
    pub(crate) margin: Duration,
    /// What the server's bucket holds, if somebody says so.
    pub(crate) burst: Option<u64>,
    /// Somebody says that the server counts a window.
    pub(crate) window: bool,
    /// Nobody knows the amount: it is found out.
    pub(crate) probing: bool,
    /// It is not a server's that is asked, but what this process itself allows.
    pub(crate) enforced: bool,
}

impl Limit {
    /// At most `amount` calls in each `period`.
    ///
    /// # Panics
    ///
    /// If `period` is zero.
    #[must_use]
    pub fn calls(amount: u64, period: Duration) -> Self {
        Self::new(Unit::Calls, amount, period)
    }

    /// At most `amount` tokens in each `period`.
    ///
    /// # Panics
    ///
    /// If `period` is zero.
    #[must_use]
    pub fn tokens(amount: u64, period: Duration) -> Self {
        Self::new(Unit::Tokens, amount, period)
    }

    /// At most `amount` calls a minute.
    #[must_use]
    pub fn calls_per_minute(amount: u64) -> Self {
        Self::calls(amount, MINUTE)
    }

    /// At most `amount` tokens a minute.
    #[must_use]
    pub fn tokens_per_minute(amount: u64) -> Self {
        Self::tokens(amount, MINUTE)
    }

    /// At most `amount` tokens in any 24 hours, wherever the server's own day begins.
    #[must_use]
    pub fn tokens_per_day(amount: u64) -> Self {
        Self::tokens(amount, DAY)
    }

    fn new(unit: Unit, amount: u64, period: Duration) -> Self {
        assert!(!period.is_zero(), "a period lasts some time");
        Self {
            unit,
            amount,
            period,
            margin: Duration::from_millis(300).min(period / 500),
            burst: None,
            window: false,
            probing: false,
            enforced: false,
        }
    }

    /// The server counts by a bucket that holds so much, in the limit's unit: that goes at once
    /// after a pause. Default: unknown, and learned.
    ///
    /// It is believed until a throttle contradicts it.
    #[must_use]
    pub fn burst(mut self, amount: u64) -> Self {
        self.burst = Some(amount);
        self
    }

    /// The server counts by a window, wherever that begins: the amount goes at once after a
    /// pause, and then as calls leave the window. Default: unknown, and learned.
    ///
    /// It is believed until a throttle contradicts it. Whether the window slides or begins anew at
    /// fixed times is still to be learned: now and then a call goes beyond it to find out, but
    /// none where the period is an hour or longer.
    #[must_use]
    pub fn window(mut self) -> Self {
        self.window = true;
        self
    }

    /// How much longer than the period a window is taken to be: clocks differ, and calls arrive
    /// closer together than they were sent. Default: a five-hundredth of the period, and at most
    /// 300 milliseconds.
    #[must_use]
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// Takes the amount for unknown: there is no limit until the first throttle, and from there
    /// it is measured, anew with each throttle.
    #[must_use]
    pub fn probing(mut self) -> Self {
        self.probing = true;
        self
    }

    /// The limit is our own, for those who call us: no other server counts, so nothing is learned and
    /// nothing is tried. In any period, wherever it begins, the amount goes and no more, all of it at once if
    /// it comes at once.
    ///
    /// It is a window without a margin, and what was told of a burst counts for nothing. What leaves it
    /// is counted in parts of a 120th of the period, so a place may be free that much later.
    #[must_use]
    pub fn enforced(mut self) -> Self {
        self.enforced = true;
        self.window = true;
        self.probing = false;
        self.burst = None;
        self.margin = Duration::ZERO;
        self
    }

    /// What is counted.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// How much there is in each period, as it was told: no matter what, if it is
    /// [probing](Self::probing).
    #[must_use]
    pub fn amount(&self) -> u64 {
        self.amount
    }

    /// The period.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.probing {
            true => write!(f, "unknown {} per {:?}", self.unit, self.period),
            false => write!(f, "{} {} per {:?}", self.amount, self.unit, self.period),
        }
    }
}
