//! What one model id may still spend: pure state that is told the time.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Limits, Meter,
    bucket::Bucket,
    fixed::FixedWindow,
    metered_limit::{Mark, MeteredLimit},
    sliding::SlidingWindow,
};
use crate::model::Model;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

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

/// All quotas of one model: a call is charged to each of them, or to none.
#[derive(Debug)]
pub(crate) struct Ledger {
    tokens: Option<Box<dyn MeteredLimit>>,
    requests: Option<Box<dyn MeteredLimit>>,
    day: Option<Box<dyn MeteredLimit>>,
}

impl Ledger {
    pub(crate) fn new(model: &Model, meter: Meter, start: Instant) -> Self {
        let minute = |limit, least| -> Box<dyn MeteredLimit> {
            match meter {
                Meter::Bucket => Box::new(Bucket::new(limit, model.burst, least, start)),
                Meter::FixedMinute => Box::new(FixedWindow::new(limit, MINUTE, start)),
                Meter::SlidingMinute => Box::new(SlidingWindow::new(limit, MINUTE)),
            }
        };
        let day =
            |limit| -> Box<dyn MeteredLimit> { Box::new(FixedWindow::new(limit, DAY, start)) };
        Self {
            tokens: model.tokens_per_minute.map(|limit| minute(limit, 0)),
            // At least one, or with a short burst no call would ever fit.
            requests: model.requests_per_minute.map(|limit| minute(limit, 1)),
            day: model.tokens_per_day.map(day),
        }
    }

    /// Charges one request and `tokens`, or names the quota in which they do not fit: the day's
    /// first, since it lasts longest.
    pub(crate) fn admit(&mut self, now: Instant, tokens: u64) -> Result<Ticket, Quota> {
        // All are asked before any is charged: a refused call costs nothing anywhere.
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
        let charge = |limit: &mut Option<Box<dyn MeteredLimit>>| {
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
        // Requests are not settled: a call was one request, whatever came of it.
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
        let left = |limit: &mut Option<Box<dyn MeteredLimit>>| {
            limit.as_mut().map(|limit| limit.available(now))
        };
        Limits {
            tokens_per_minute: left(&mut self.tokens),
            requests_per_minute: left(&mut self.requests),
            tokens_per_day: left(&mut self.day),
        }
    }
}

#[cfg(test)]
mod tests;
