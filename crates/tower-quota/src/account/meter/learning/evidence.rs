//! What a throttle is evidence of.

use crate::account::evidence::Throttle;
use crate::account::knowledge::Knowledge;
use crate::account::meter::sent::{Reason, Sent};
use crate::account::meter::{Kind, MARGIN, Meter, Now};
use crate::account::{MILLISECOND, SECOND};
use crate::limit::{Amount, Unit};

/// How close to what is proven jitter explains a throttle, in slacks.
const EDGE: u128 = 6;
/// Jitter is raised once in this time, and to that at most: beyond it is a neighbour.
const RAISE_EVERY: u64 = 30 * SECOND;
const MOST_JITTER: u64 = 100 * MILLISECOND;
/// For so long a throttle shows that no window forgets debts.
const NO_WINDOW: u64 = 600 * SECOND;

impl Meter {
    /// Whether a throttle of the call is no neighbour's doing: it was tried, or as much as there is.
    pub(crate) fn explains(&self, call: u64, amount: Amount) -> bool {
        if !self.is_learned() {
            return false;
        }
        let sent = self.sent(call);
        let tried = match sent.reason {
            Reason::Sure => false,
            Reason::Watched => self.share.is_pinging(),
            Reason::Trial | Reason::AsksPhase | Reason::ByPhase | Reason::Oversize => true,
        };
        let (worth, slack) = (self.worth(amount.of(self.limit.unit)), self.slack());
        let edge = worth.saturating_add(slack) <= self.burst.proven
            && sent.deficit.saturating_add(EDGE * slack) > self.burst.proven;
        let full = sent.window > self.room - self.room / MARGIN;
        tried
            || match self.kind {
                Kind::Unsure => edge || full,
                Kind::Bucket => edge,
                Kind::Window => full,
            }
    }

    /// What speaks for which explanation. Bounds of the bucket are learned from old news too.
    pub(super) fn evidence(
        &mut self,
        x: u64,
        sent: &Sent,
        was_confirmed: bool,
        now: &Now,
    ) -> Throttle {
        let (worth, slack) = (self.worth(x), self.slack());
        let window = self.kind == Kind::Window;
        let stray = self.is_stray(now);
        if was_confirmed && !stray {
            self.unlearn(worth, sent);
        }
        let hearsay = self.burst.is_hearsay(sent.deficit);
        let trial = sent.reason == Reason::Trial && sent.deficit + slack > self.burst.proven;
        let planned_beyond = hearsay || trial;
        let beyond_proven = sent.least > self.burst.proven;
        let window_full = sent.window > self.room - self.room / MARGIN;
        if planned_beyond && sent.deficit > self.over_period() {
            self.no_window_until = now.at + NO_WINDOW;
        }
        let by_bucket = self.kind == Kind::Bucket || (self.kind == Kind::Unsure && !window_full);
        if by_bucket && (planned_beyond || beyond_proven) {
            let level = if planned_beyond {
                sent.deficit
            } else {
                sent.least
            };
            self.burst.refused(now.at, level, !window_full && !stray);
            if hearsay {
                // Of calls that are far between what was told may be wrong altogether.
                let least = match self.is_dense(worth) {
                    true => self.least_burst(worth),
                    false => 0,
                };
                self.burst.unlearn(self.burst.seen.max(least));
            }
        }
        let owed = match self.limit.unit {
            Unit::Tokens => self.worth(now.owed),
            Unit::Calls => 0,
        };
        let needs_all = !window && worth + slack > self.burst.proven;
        let raised = self
            .jitter_raised
            .is_some_and(|at| now.at - at <= RAISE_EVERY);
        Throttle {
            kind: self.kind,
            beyond_proven,
            planned_beyond: planned_beyond && !self.share.is_pinging(),
            window_full,
            small_bucket: !window && self.is_small() && !now.strays,
            debts: owed > 0 && sent.deficit + owed > self.burst.proven,
            edge: !needs_all
                && sent.deficit + EDGE * slack > self.burst.proven
                && self.jitter < MOST_JITTER
                && !raised,
            needs_all,
        }
    }

    /// Whether a throttle is too rare to show anything but what it was a trial of.
    pub(super) fn is_stray(&self, now: &Now) -> bool {
        now.strays && self.knowledge == Knowledge::Told && !self.share.is_pinging()
    }
}
