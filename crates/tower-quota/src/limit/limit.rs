use std::fmt;
use std::time::Duration;

use super::unit::Unit;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// What is admitted at once by default, as time.
const BURST: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// So many calls or tokens in a period of time.
///
/// A limit holds in two ways at once, because a server seldom says how it meters:
///
/// * No more than the amount is admitted in any `period + margin`, wherever it begins. That is
///   safe for a server that counts the last minute, or minutes of the clock.
/// * No more than the [burst](Self::burst) is admitted at once, and from there on `amount` in
///   each `period + margin`, evenly. That is safe for a token bucket that holds the burst and
///   the largest call.
///
/// A call larger than the burst goes at once where nothing was used for long enough, and is saved
/// for otherwise; one larger than the amount is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub(crate) unit: Unit,
    pub(crate) amount: u64,
    pub(crate) period: Duration,
    pub(crate) margin: Duration,
    pub(crate) burst: Burst,
    pub(crate) source: Source,
}

/// Where the amount comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// From somebody who knows it.
    Told,
    /// From a guess, to begin with.
    Guessed,
    /// From nowhere: as good as no limit until the first throttle.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Burst {
    /// What the rate brings in this time.
    Time(Duration),
    Amount(u64),
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
        // To spread a day evenly would keep a morning's work waiting for the night.
        let burst = if period < HOUR {
            Burst::Time(BURST.min(period))
        } else {
            Burst::Amount(amount)
        };
        Self {
            unit,
            amount,
            period,
            margin: Duration::from_millis(300).min(period / 200),
            burst,
            source: Source::Told,
        }
    }

    /// How much is admitted at once after a pause, in the limit's unit. Default: what the rate
    /// brings in one second, or the whole amount where the period is an hour or longer.
    #[must_use]
    pub fn burst(mut self, amount: u64) -> Self {
        self.burst = Burst::Amount(amount);
        self
    }

    /// Network jitter: how much closer together calls arrive than they were sent. Each period is
    /// taken to be longer by that. Default: a two-hundredth of the period, and at most 300
    /// milliseconds.
    #[must_use]
    pub fn margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// Takes the limit for a first guess: calls that go well raise it, throttles lower it.
    ///
    /// The rate doubles every second until the first throttle, as long as calls wait for it; after
    /// that it follows what goes through. Until then there is no amount that the period may not
    /// exceed.
    #[must_use]
    pub fn probing(mut self) -> Self {
        self.source = Source::Guessed;
        self
    }

    /// Probing, and as good as no limit until the first throttle.
    pub(crate) fn open(mut self) -> Self {
        self.source = Source::Unknown;
        self
    }

    pub(crate) fn is_probing(&self) -> bool {
        self.source != Source::Told
    }

    /// What is counted.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// How much there is in each period.
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
        write!(f, "{} {} per {:?}", self.amount, self.unit, self.period)
    }
}
