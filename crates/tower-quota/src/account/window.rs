use std::collections::VecDeque;

/// A period is remembered in at most so many parts, and what is remembered is bounded by that.
const GRAINS: u64 = 120;

/// What the last period was charged, and a margin before it.
///
/// A sliding window admits a call of `x` exactly where `sum + x` is no more than the amount. One
/// that begins anew at fixed times admits that too, wherever it begins. Charges within a grain
/// share an entry, which leaves when the last of them is older than period and margin: the sum is
/// never too low.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Window {
    period: u64,
    margin: u64,
    sum: u64,
    /// Apart from those before it: it is what each call looks at, and all that a key has which is
    /// seldom used.
    last: Option<Entry>,
    old: VecDeque<Entry>,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
struct Entry {
    first: u64,
    last: u64,
    amount: u64,
}

impl Window {
    /// In nanoseconds.
    pub(crate) fn new(period: u64, margin: u64) -> Self {
        Self {
            period,
            margin,
            sum: 0,
            last: None,
            old: VecDeque::new(),
        }
    }

    pub(crate) fn set_margin(&mut self, margin: u64) {
        self.margin = margin;
    }

    pub(crate) fn sum(&self) -> u64 {
        self.sum
    }

    /// When the first of what still counts was charged.
    pub(crate) fn first(&self) -> Option<u64> {
        self.oldest().map(|entry| entry.first)
    }

    fn oldest(&self) -> Option<&Entry> {
        self.old.front().or(self.last.as_ref())
    }

    fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.old.iter().chain(&self.last)
    }

    /// How long an entry counts.
    pub(crate) fn span(&self) -> u64 {
        self.period.saturating_add(self.margin)
    }

    #[cfg(test)]
    pub(crate) fn heap(&self) -> usize {
        self.old.capacity() * std::mem::size_of::<Entry>()
    }

    pub(crate) fn advance(&mut self, now: u64) {
        let span = self.span();
        while let Some(entry) = self.oldest() {
            if now.saturating_sub(entry.last) < span {
                break;
            }
            self.sum -= entry.amount;
            if self.old.pop_front().is_none() {
                self.last = None;
            }
        }
    }

    pub(crate) fn charge(&mut self, now: u64, amount: u64) {
        // What does not fit the sum is not remembered either: the two stay consistent.
        let amount = amount.min(u64::MAX - self.sum);
        self.sum += amount;
        match &mut self.last {
            Some(entry) if now - entry.first < self.period / GRAINS => {
                entry.last = now;
                entry.amount += amount;
            }
            last => {
                let new = Entry {
                    first: now,
                    last: now,
                    amount,
                };
                self.old.extend(last.replace(new));
            }
        }
    }

    /// Something was charged at that time that is heard of only now. It leaves with what was charged next after it.
    #[cfg(feature = "shared")]
    pub(crate) fn charge_late(&mut self, then: u64, amount: u64) {
        let mut entries = self.old.iter_mut().chain(&mut self.last);
        let Some(entry) = entries.find(|entry| entry.last >= then) else {
            return self.charge(then, amount);
        };
        let amount = amount.min(u64::MAX - self.sum);
        self.sum += amount;
        entry.amount += amount;
    }

    /// Takes `amount` off what was charged `at` that time, if that still counts.
    pub(crate) fn refund(&mut self, at: u64, amount: u64) {
        // From the end, for a call seldom takes long.
        let mut entries = self.last.iter_mut().chain(self.old.iter_mut().rev());
        let entry = entries.find(|entry| entry.first <= at);
        if let Some(entry) = entry.filter(|entry| at <= entry.last) {
            let amount = amount.min(entry.amount);
            entry.amount -= amount;
            self.sum -= amount;
        }
    }

    /// What was charged after that time.
    pub(crate) fn since(&self, at: u64) -> u64 {
        let after = self.entries().rev().take_while(|entry| entry.last > at);
        after.map(|entry| entry.amount).sum()
    }

    /// From when on what was charged is more than `most`: between these two times.
    pub(crate) fn fuller_since(&self, most: u64) -> Option<(u64, u64)> {
        let mut sum = 0;
        self.entries().rev().find_map(|entry| {
            sum += entry.amount;
            (sum > most).then_some((entry.first, entry.last))
        })
    }

    /// What the server has certainly counted within one period: the sum without what is so old
    /// that it may have left already there.
    pub(crate) fn certain(&self, now: u64) -> u64 {
        let span = self.period - self.margin.min(self.period);
        let old = self.entries().take_while(|entry| now - entry.first >= span);
        self.sum - old.map(|entry| entry.amount).sum::<u64>()
    }

    /// When the sum is down to `most`, if nothing more is charged.
    pub(crate) fn falls_to(&self, most: u64, now: u64) -> u64 {
        let mut sum = self.sum;
        let mut at = now;
        for entry in self.entries() {
            if sum <= most {
                break;
            }
            sum -= entry.amount;
            at = now.max(entry.last.saturating_add(self.span()));
        }
        at
    }
}

#[cfg(test)]
mod tests;
