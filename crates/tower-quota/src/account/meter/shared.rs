use super::super::deficit::drained;
use super::super::knowledge::Knowledge;
use super::{Kind, Meter, Now, Verdict};
use crate::limit::Amount;

/// Network jitter where several processes send, as it is taken at first: half as much again.
const JITTER: u64 = super::JITTER + super::JITTER / 2;

/// What is needed where others use the limit too.
impl Meter {
    pub(crate) fn keep_distance(&mut self) {
        self.jitter = JITTER;
    }

    /// A call was charged that began at that time.
    pub(crate) fn charge_late(&mut self, then: u64, amount: Amount) {
        if self.at.saturating_sub(then) < self.window.span() {
            self.window.charge_late(then, amount.of(self.limit.unit));
        }
    }

    /// A bucket lacks so much more.
    pub(crate) fn lacks_more(&mut self, amount: Amount) {
        self.deficit.add(self.worth(amount.of(self.limit.unit)));
    }

    /// What a bucket lacks.
    pub(crate) fn lacks(&self) -> u64 {
        self.in_units(self.deficit.level())
    }

    /// How much may be charged before a call that was just judged, such that it goes all the same; nothing if it is
    /// to be the next, for it is watched or tried.
    pub(crate) fn spare(&self, amount: Amount, now: &Now) -> Option<u64> {
        if self.verdict != Verdict::Goes {
            return None;
        }
        if self.knowledge == Knowledge::Open {
            return Some(u64::MAX);
        }
        let x = amount.of(self.limit.unit);
        // A call larger than the room goes when nothing else was charged: then nothing is spare.
        let in_window = self
            .room
            .saturating_sub(self.window.sum().saturating_add(x));
        let level = self
            .deficit
            .level()
            .saturating_add(self.debts(now))
            .saturating_add(self.worth(x))
            .saturating_add(self.slack());
        let in_bucket = self.in_units(self.burst.proven.saturating_sub(level));
        let by_bucket_alone = self.kind == Kind::Bucket || (self.is_small() && !now.strays);
        Some(match self.kind {
            Kind::Window => in_window,
            Kind::Bucket | Kind::Unsure if by_bucket_alone => in_bucket,
            Kind::Bucket | Kind::Unsure => in_bucket.min(in_window),
        })
    }

    /// A meter of a part of the limit, as if nothing was charged yet.
    pub(crate) fn part(&self, part: f64) -> Self {
        let mut own = Self::new(self.limit.clone(), 0);
        own.knowledge = match self.knowledge {
            Knowledge::Empty(_) => Knowledge::FirstGuess,
            known => known,
        };
        // A call may be larger than the part. By a bucket it waits as long as the part takes to bring it, by a
        // window alone no longer than a period.
        own.kind = match self.kind {
            Kind::Bucket => Kind::Bucket,
            Kind::Unsure | Kind::Window => Kind::Unsure,
        };
        own.set_part(self, part);
        own
    }

    /// Lacks its part of what `whole` does at that time, or more if more was charged here.
    pub(crate) fn lack_part(&mut self, whole: &Self, part: f64) {
        let passed = self.at.saturating_sub(whole.at);
        let level = drained(whole.deficit.level(), passed, whole.rate);
        self.deficit.raise_to((level as f64 * part) as u128);
    }

    /// Takes another part of what `whole` has.
    pub(crate) fn set_part(&mut self, whole: &Self, part: f64) {
        if whole.knowledge == Knowledge::Open {
            return;
        }
        let rate = whole.share.part().min(1.0) * part;
        self.amount = ((whole.amount as f64 * rate) as u64).max(1);
        self.set_rate();
        // In the meter's own unit, in which a call is worth as much as a whole period drains.
        let holds = whole.in_units(whole.burst.proven) as f64 * part;
        self.burst.proven = self.worth(holds as u64).max(self.rate_for(super::FIRST));
    }

    /// Whether the server is known to hold half as much.
    pub(crate) fn holds_half(&self, amount: Amount) -> bool {
        let x = amount.of(self.limit.unit) / 2;
        match self.kind {
            Kind::Window => x <= self.room,
            Kind::Bucket | Kind::Unsure => self.worth(x) <= self.burst.proven,
        }
    }

    /// How long the rate takes to bring so much.
    pub(crate) fn time_for(&self, amount: Amount) -> u64 {
        let time = self.worth(amount.of(self.limit.unit)) / u128::from(self.whole_rate.max(1));
        u64::try_from(time).unwrap_or(u64::MAX)
    }
}
