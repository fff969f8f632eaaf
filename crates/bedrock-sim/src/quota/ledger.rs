//! What one model id may still spend: pure state that is told the time.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{bucket::Bucket, fixed::Fixed, sliding::Sliding};
use crate::{Model, quota::Limits};

pub(super) const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How the per-minute quotas are metered. AWS does not document which of these it uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// A token bucket that holds the rate times [`Model::burst`] and refills continuously.
    #[default]
    Bucket,
    /// Fixed minutes from the simulator's start or reset.
    FixedMinute,
    /// The 60 seconds before each call.
    SlidingMinute,
}

/// The quota that refused a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quota {
    TokensPerMinute,
    RequestsPerMinute,
    TokensPerDay,
}

/// An admitted call's charges, to be corrected once.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) reserved: u64,
    minute: Mark,
    day: Mark,
}

/// Where a charge was booked, so that a correction finds it.
pub(super) type Mark = u64;

/// All quotas of one model: a call is charged to each of them, or to none.
#[derive(Debug)]
pub(crate) struct Ledger {
    tokens: Option<MeteredLimit>,
    requests: Option<MeteredLimit>,
    day: Option<MeteredLimit>,
}

impl Ledger {
    pub(crate) fn new(model: &Model, meter: Meter, start: Instant) -> Self {
        let minute = |limit, least| match meter {
            Meter::Bucket => MeteredLimit::Bucket(Bucket::new(limit, model.burst, least, start)),
            Meter::FixedMinute => MeteredLimit::Fixed(Fixed::new(limit, MINUTE, start)),
            Meter::SlidingMinute => MeteredLimit::Sliding(Sliding::new(limit, MINUTE)),
        };
        Self {
            tokens: model.tokens_per_minute.map(|limit| minute(limit, 0)),
            requests: model.requests_per_minute.map(|limit| minute(limit, 1)),
            day: model
                .tokens_per_day
                .map(|limit| MeteredLimit::Fixed(Fixed::new(limit, DAY, start))),
        }
    }

    /// Charges one request and `tokens`, or names the quota in which they do not fit: the day's
    /// first, since it lasts longest.
    pub(crate) fn admit(&mut self, now: Instant, tokens: u64) -> Result<Ticket, Quota> {
        for (limit, amount, quota) in [
            (&mut self.day, tokens, Quota::TokensPerDay),
            (&mut self.requests, 1, Quota::RequestsPerMinute),
            (&mut self.tokens, tokens, Quota::TokensPerMinute),
        ] {
            if limit.as_mut().is_some_and(|limit| !limit.fits(now, amount)) {
                return Err(quota);
            }
        }
        if let Some(requests) = &mut self.requests {
            requests.charge(now, 1);
        }
        let charge = |limit: &mut Option<MeteredLimit>| {
            limit.as_mut().map_or(0, |limit| limit.charge(now, tokens))
        };
        Ok(Ticket {
            reserved: tokens,
            minute: charge(&mut self.tokens),
            day: charge(&mut self.day),
        })
    }

    /// Replaces the ticket's reservation by what the call came to. What is above it is debt.
    pub(crate) fn settle(&mut self, now: Instant, ticket: &Ticket, tokens: u64) {
        for (limit, mark) in [
            (&mut self.tokens, ticket.minute),
            (&mut self.day, ticket.day),
        ] {
            if let Some(limit) = limit {
                limit.correct(now, mark, ticket.reserved, tokens);
            }
        }
    }

    /// What each quota has left; negative when in debt.
    pub(crate) fn available(&mut self, now: Instant) -> Limits<i64> {
        let left =
            |limit: &mut Option<MeteredLimit>| limit.as_mut().map(|limit| limit.available(now));
        Limits {
            tokens_per_minute: left(&mut self.tokens),
            requests_per_minute: left(&mut self.requests),
            tokens_per_day: left(&mut self.day),
        }
    }
}

#[derive(Debug)]
enum MeteredLimit {
    Bucket(Bucket),
    Fixed(Fixed),
    Sliding(Sliding),
}

impl MeteredLimit {
    fn fits(&mut self, now: Instant, amount: u64) -> bool {
        match self {
            Self::Bucket(bucket) => bucket.fits(now, amount),
            Self::Fixed(fixed) => fixed.fits(now, amount),
            Self::Sliding(sliding) => sliding.fits(now, amount),
        }
    }

    fn charge(&mut self, now: Instant, amount: u64) -> Mark {
        match self {
            Self::Bucket(bucket) => bucket.charge(now, amount),
            Self::Fixed(fixed) => fixed.charge(now, amount),
            Self::Sliding(sliding) => sliding.charge(now, amount),
        }
    }

    fn correct(&mut self, now: Instant, mark: Mark, from: u64, to: u64) {
        match self {
            Self::Bucket(bucket) => bucket.correct(now, from, to),
            Self::Fixed(fixed) => fixed.correct(now, mark, from, to),
            Self::Sliding(sliding) => sliding.correct(now, mark, from, to),
        }
    }

    fn available(&mut self, now: Instant) -> i64 {
        match self {
            Self::Bucket(bucket) => bucket.available(now),
            Self::Fixed(fixed) => fixed.available(now),
            Self::Sliding(sliding) => sliding.available(now),
        }
    }
}

/// `limit - used`, as far as an `i64` goes.
pub(super) fn difference(limit: u64, used: u64) -> i64 {
    let left = i128::from(limit) - i128::from(used);
    i64::try_from(left).unwrap_or(if left < 0 { i64::MIN } else { i64::MAX })
}
