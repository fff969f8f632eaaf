use super::kept::Kept;
use super::sent::{Reason, Sent};
use super::{Kind, Meter, Verdict};
use crate::limit::Amount;

impl Meter {
    /// Charges the call that was judged last, and keeps what it was sent with beside that of those
    /// from `first` on.
    pub(crate) fn charge(&mut self, first: u64, number: u64, amount: Amount) {
        let reason = match self.verdict {
            Verdict::Tries => Reason::Trial,
            Verdict::GoesWatched => Reason::Watched,
            Verdict::AsksPhase => Reason::AsksPhase,
            Verdict::GoesByPhase => Reason::ByPhase,
            Verdict::GoesOversize => Reason::Oversize,
            Verdict::Goes | Verdict::Waits(_) | Verdict::WaitsForNews(_) => Reason::Sure,
        };
        let x = amount.of(self.limit.unit);
        self.add(x);
        self.lately.add(self.at, x);
        self.watched += u32::from(reason != Reason::Sure);
        if reason != Reason::Trial {
            self.plain = Some(self.at);
        }
        let window = self.window.sum();
        if matches!(reason, Reason::Trial | Reason::AsksPhase) {
            if let Some(full) = self.window.fuller_since(self.room) {
                self.phase.ask(self.at, full, window - self.room);
            }
        }
        let over = window > self.amount;
        let sent = Sent {
            deficit: self.deficit.level(),
            least: self.least,
            window,
            certain: if over {
                self.window.certain(self.at)
            } else {
                0
            },
            given: self.given,
            reason,
        };
        self.sent.push(first, number, Kept::of(&sent));
    }

    /// Whether a call that was just judged and the one of that number were both sure to go.
    pub(crate) fn shares(&self, call: u64) -> bool {
        self.verdict == Verdict::Goes && self.has(call) && self.sent.get(call).is_sure()
    }

    /// Charges the call that was judged last, which was sure to go, and keeps nothing of it.
    pub(crate) fn charge_sure(&mut self, amount: Amount) {
        let x = amount.of(self.limit.unit);
        self.add(x);
        self.lately.add(self.at, x);
        self.plain = Some(self.at);
    }

    /// What the call of that number was sent with: nothing if it was not charged here.
    pub(crate) fn sent(&self, call: u64) -> Sent {
        match self.has(call) {
            true => self.sent.get(call).sent(),
            false => Sent::default(),
        }
    }

    /// The same, once it is known whether the call was admitted.
    pub(crate) fn close(&mut self, call: u64) -> Sent {
        let sent = self.sent(call);
        self.watched -= u32::from(sent.reason != Reason::Sure);
        sent
    }

    /// How full the limit was with that call; above 1 if it was not sure to go.
    pub(crate) fn fullness(&self, call: u64) -> f64 {
        if !self.is_learned() {
            return -1.0;
        }
        let sent = self.sent(call);
        let window = sent.window as f64 / self.room.max(1) as f64;
        let bucket = sent.deficit as f64 / self.burst.proven.max(1) as f64;
        let full = match self.kind {
            Kind::Window => window,
            Kind::Bucket | Kind::Unsure => window.max(bucket),
        };
        full.min(1.0) + f64::from(u8::from(sent.reason != Reason::Sure))
    }

    /// A call charged `at` that time came to `actual`.
    pub(crate) fn settle(&mut self, now: u64, at: u64, reserved: Amount, actual: Amount) {
        let (reserved, actual) = (reserved.of(self.limit.unit), actual.of(self.limit.unit));
        if actual == reserved {
            return;
        }
        self.advance(now);
        if actual > reserved {
            self.add(actual - reserved);
        } else {
            self.refund(at, reserved - actual);
        }
    }

    /// The server never counted what was charged `at` that time, so all of it can be given back.
    pub(crate) fn never_charged(&mut self, at: u64, amount: Amount) {
        self.lately.take(self.at, at, amount.of(self.limit.unit));
    }

    /// Of what was charged `at` that time so much was not counted.
    pub(crate) fn refund(&mut self, at: u64, x: u64) {
        if x == 0 {
            return;
        }
        let worth = self.worth(x);
        // The server gave it back somewhat earlier. If its bucket was full by that, the rest is
        // lost for what was charged in between.
        let late = self.lately.sum(self.at);
        self.deficit.give_back(worth, self.worth(late), self.at);
        self.least = self.least.saturating_sub(worth);
        self.window.refund(at, x);
        self.phase.refunded(self.at, x);
        self.given = self.given.saturating_add(x);
        self.charged = self.charged.saturating_sub(x);
    }

    pub(super) fn add(&mut self, x: u64) {
        let worth = self.worth(x);
        self.deficit.add(worth);
        self.least = self.least.saturating_add(worth);
        self.window.charge(self.at, x);
        self.charged = self.charged.saturating_add(x);
    }
}
