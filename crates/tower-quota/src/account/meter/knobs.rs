use super::super::knowledge::Knowledge;
use super::super::phase::Phase;
use super::super::share::Share;
use super::{Meter, nanos};
use crate::limit::Limit;

/// Limits that change while calls are under way.
impl Meter {
    /// Whether what was charged counts for `limit` too.
    pub(crate) fn is_like(&self, limit: &Limit) -> bool {
        self.limit.unit == limit.unit && self.limit.period == limit.period
    }

    /// The same server with another limit. What was charged stays, and what was learned, unless it
    /// was learned of a guess. A bucket is taken to shrink with the amount, not to grow.
    pub(crate) fn with_limit(mut self, limit: Limit) -> Self {
        // Told the same again: a guess above all is not begun anew.
        if limit == self.limit {
            return self;
        }
        let guessed = self.limit.probing || limit.probing;
        if guessed && self.limit != limit {
            (self.amount, self.knowledge) = Knowledge::of(&limit);
            self.share = Share::new();
            self.news = None;
        } else if limit.amount < self.amount {
            let part = limit.amount as f64 / self.amount as f64;
            let less = self.burst.proven as f64 * part;
            self.burst.unlearn(less as u128);
            self.amount = limit.amount;
        } else if limit.amount > self.amount {
            self.burst.refused = None;
            self.burst.refused_alone = None;
            self.amount = limit.amount;
        }
        if limit.burst != self.limit.burst {
            self.burst.proven = self.burst.seen;
        }
        let is_new = guessed || limit.window != self.limit.window;
        self.window.set_margin(nanos(limit.margin));
        self.limit = limit;
        self.set_rate();
        if is_new {
            self.kind = self.first_kind();
            self.phase = Phase::new(self.period);
        }
        if guessed {
            self.burst = self.first_burst();
        } else {
            self.burst.raise(self.first_burst());
        }
        self
    }

    /// It was charged with no call before that one.
    pub(crate) fn beginning_with(mut self, first: u64) -> Self {
        self.first_call = first;
        self
    }

    /// Whether it was charged with the call of that number.
    pub(crate) fn has(&self, call: u64) -> bool {
        call >= self.first_call
    }
}
