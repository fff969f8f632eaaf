mod admission;
mod charges;
mod forecast;
mod kept;
mod knobs;
mod learning;
mod sent;
#[cfg(feature = "shared")]
mod shared;

use std::time::Duration;

use super::burst::Burst;
use super::deficit::{Deficit, drained};
use super::knowledge::Knowledge;
use super::phase::Phase;
use super::recent::Recent;
use super::ring::Ring;
use super::share::Share;
use super::window::Window;
use super::{LONG, MILLISECOND, SECOND, TURNAROUND};
use crate::limit::{Amount, Limit};
pub(crate) use admission::Verdict;
use kept::Kept;

/// In so many parts a share of the rate is counted.
const WHOLE: u64 = 1 << 10;
/// A bucket is taken to hold that much of the rate before anything is known: few hold less.
const FIRST: u64 = SECOND;
/// A window that lacks no more than this part is as good as full: clocks differ, and calls catch
/// up with each other.
const MARGIN: u64 = 500;
/// Network jitter as it is taken at first. What shows that there is more raises it.
const JITTER: u64 = 20 * MILLISECOND;
/// A bucket that holds less than this part of what a period brings is no window.
const SMALL: u64 = 2;

/// How a server counts, as far as is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Kind {
    /// By a bucket or by a window: calls obey both, and try the one or the other.
    Unsure,
    /// By a bucket: it admitted what no window would.
    Bucket,
    /// By a window: it refused what the bucket would have held.
    Window,
}

/// One limit: what the server may have counted, and what is known of how it counts.
///
/// Levels are counted in parts of which the rate drains a whole number each nanosecond.
#[derive(Debug)]
#[cfg_attr(
    feature = "shared",
    derive(Clone, serde::Serialize, serde::Deserialize)
)]
pub(crate) struct Meter {
    #[cfg_attr(feature = "shared", serde(with = "crate::limit::LimitFields"))]
    limit: Limit,
    period: u64,
    /// What a period brings: told, or the guess so far.
    amount: u64,
    knowledge: Knowledge,
    kind: Kind,
    burst: Burst,
    phase: Phase,
    share: Share,

    /// The level of one call or token.
    one: u64,
    /// What drains in a nanosecond: of our share, and of all.
    rate: u64,
    whole_rate: u64,
    /// What a window has for our share.
    room: u64,

    at: u64,
    /// Never less than the server's: calls are planned with it.
    deficit: Deficit,
    /// Never more than the server's: what is admitted in spite of it is proven.
    least: u128,
    window: Window,
    /// Charges that the server may have counted after refunds that we hear of only now.
    lately: Recent,
    /// Everything ever given back: a call that was under way meanwhile proves less.
    given: u64,

    /// What the last calls were sent with, by the account's numbers.
    sent: Ring<Kept>,
    /// What was answered last, for the call that is charged next.
    verdict: Verdict,
    /// How many calls are under way of which few may be.
    watched: u32,
    /// When a call was sent last that was no trial.
    plain: Option<u64>,

    /// Since when our part of the rate is measured, and what was charged since.
    measured: u64,
    charged: u64,
    /// Throttles of calls sent before that are old news.
    news: Option<u64>,
    /// How much closer together, or farther apart, calls arrive than they were sent.
    jitter: u64,
    jitter_raised: Option<u64>,
    /// When a throttle was taken for debts.
    in_debt: Option<u64>,
    /// Whether a window forgets debts is not tried before.
    no_window_until: u64,
    /// A window's phase lets no call go before.
    phase_used_up: u64,
    /// The number of the first call that it was charged with, as the account counts them.
    first_call: u64,
}

/// What the meters of an account have in common at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) at: u64,
    /// There is a throttle to spare.
    pub(crate) spare: bool,
    /// How many calls may be under way that are watched.
    pub(crate) watched: u32,
    /// The largest call that was answered, in tokens.
    pub(crate) answered: u64,
    /// What calls under way will come to above what they reserved, in tokens.
    pub(crate) owed: u64,
    /// How long a call takes.
    pub(crate) call_time: u64,
    /// There are so many calls, and so few of them are throttled, that it is nobody's doing.
    pub(crate) strays: bool,
}

impl Meter {
    pub(crate) fn new(limit: Limit, now: u64) -> Self {
        let period = nanos(limit.period).max(1);
        let (amount, knowledge) = Knowledge::of(&limit);
        let mut meter = Self {
            period,
            amount,
            knowledge,
            kind: Kind::Unsure,
            burst: Burst::new(0, None),
            phase: Phase::new(period),
            share: Share::new(),
            one: period.saturating_mul(WHOLE),
            rate: 0,
            whole_rate: 0,
            room: 0,
            at: now,
            deficit: Deficit::new(),
            least: 0,
            window: Window::new(period, nanos(limit.margin)),
            // It counts up to a fifth longer.
            lately: Recent::new(TURNAROUND / 5 * 4),
            given: 0,
            sent: Ring::new(),
            verdict: Verdict::Goes,
            watched: 0,
            plain: None,
            measured: now,
            charged: 0,
            news: None,
            jitter: JITTER,
            jitter_raised: None,
            in_debt: None,
            no_window_until: 0,
            phase_used_up: 0,
            first_call: 0,
            limit,
        };
        meter.kind = meter.first_kind();
        meter.set_rate();
        meter.burst = meter.first_burst();
        meter
    }

    pub(crate) fn limit(&self) -> &Limit {
        &self.limit
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// What a period brings, as told or found.
    pub(crate) fn amount(&self) -> u64 {
        self.amount
    }

    /// What the last period was charged, reservations included.
    pub(crate) fn used(&self) -> u64 {
        self.window.sum()
    }

    /// A bucket was seen, or told, to hold that much.
    pub(crate) fn burst_at_least(&self) -> u64 {
        self.in_units(self.burst.proven)
    }

    /// A bucket was seen to hold less than that.
    pub(crate) fn burst_below(&self) -> Option<u64> {
        self.burst.refused.map(|level| self.in_units(level))
    }

    /// Which part of the rate is ours, or of the guess so far.
    pub(crate) fn share(&self) -> f64 {
        self.share.part()
    }

    /// Whether nobody told the amount, and nothing shows that there is any.
    pub(crate) fn is_open(&self) -> bool {
        self.knowledge == Knowledge::Open
    }

    /// Whether somebody told the amount.
    pub(crate) fn is_told(&self) -> bool {
        self.knowledge == Knowledge::Told
    }

    pub(crate) fn period(&self) -> u64 {
        self.period
    }

    /// What the limit can ever admit at once.
    pub(crate) fn most(&self) -> u64 {
        match self.limit.probing {
            true => u64::MAX,
            false if self.limit.enforced => self.limit.amount,
            false => self.limit.amount.max(self.limit.burst.unwrap_or(0)),
        }
    }

    /// What the period that ends now has left, and when it has more; `None` if it has all.
    #[cfg(feature = "http")]
    pub(crate) fn left(&self) -> (u64, Option<u64>) {
        let used = self.window.sum();
        let more = used.checked_sub(1);
        (
            self.room.saturating_sub(used),
            more.map(|most| self.window.falls_to(most, self.at)),
        )
    }

    /// Whether the limit can ever admit that much. One of nothing admits no call.
    pub(crate) fn holds(&self, amount: Amount) -> bool {
        self.most() > 0 && amount.of(self.limit.unit) <= self.most()
    }

    /// Brings the shadows from the last time they were looked at to `now`.
    pub(crate) fn advance(&mut self, now: u64) {
        if now > self.at {
            self.deficit.drain(self.at, now, self.rate);
            // A share above 1 means that there is more than was guessed.
            let rate = self.whole_rate.max(self.rate);
            self.least = drained(self.least, now - self.at, rate);
            self.at = now;
            if self.burst.refused.is_some() {
                self.burst.advance(now, self.worth(self.amount));
            }
            self.window.advance(now);
        }
    }

    /// The share or the amount has changed.
    fn set_rate(&mut self) {
        self.whole_rate = self.amount.saturating_mul(WHOLE);
        if self.share.is_whole() {
            self.rate = self.whole_rate;
            self.room = self.amount;
        } else {
            let parts = (self.share.part() * WHOLE as f64) as u64;
            self.rate = self.amount.saturating_mul(parts);
            self.room = self.rate / WHOLE;
        }
    }

    /// How the server is taken to count.
    fn first_kind(&self) -> Kind {
        if self.limit.window || !self.is_learned() {
            Kind::Window
        } else {
            Kind::Unsure
        }
    }

    /// What a bucket is taken to hold: what was told, or a second's worth.
    fn first_burst(&self) -> Burst {
        let told = self.limit.burst.map(|burst| self.worth(burst));
        Burst::new(0, Some(told.unwrap_or_else(|| self.rate_for(FIRST))))
    }

    /// The level of so many calls or tokens.
    fn worth(&self, amount: u64) -> u128 {
        u128::from(self.one) * u128::from(amount)
    }

    /// How many calls or tokens a level is.
    fn in_units(&self, level: u128) -> u64 {
        u64::try_from(level / u128::from(self.one)).unwrap_or(u64::MAX)
    }

    /// The level that drains in that time.
    fn rate_for(&self, time: u64) -> u128 {
        u128::from(self.rate) * u128::from(time)
    }

    /// What jitter makes of the rate: what is proven keeps that distance.
    fn slack(&self) -> u128 {
        self.rate_for(self.jitter)
    }

    fn is_learned(&self) -> bool {
        self.period < LONG && !self.limit.enforced
    }

    /// Whether a throttle has shown that a bucket holds little. Then it is no window.
    fn is_small(&self) -> bool {
        let small = self.worth(self.amount / SMALL);
        self.burst.refused_alone.is_some_and(|level| level < small)
    }

    #[cfg(test)]
    pub(super) fn heap(&self) -> usize {
        self.window.heap() + self.sent.heap()
    }
}

pub(crate) fn nanos(time: Duration) -> u64 {
    let secs = time.as_secs().saturating_mul(SECOND);
    secs.saturating_add(time.subsec_nanos().into())
}
