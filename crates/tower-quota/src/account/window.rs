use std::collections::VecDeque;

/// A period is remembered in at most about so many parts.
const GRAINS: u64 = 512;

/// What was charged in the period before now, and in a margin before that.
///
/// Charges closer together than a grain share an entry: what is remembered is bounded. The entry
/// leaves when the latest of them is a period old at least; where the margin is longer than a
/// grain, when the earliest is as old as period and margin.
#[derive(Debug)]
pub(crate) struct Window {
    span: u64,
    grain: u64,
    entries: VecDeque<Entry>,
    sum: u64,
}

#[derive(Debug)]
struct Entry {
    first: u64,
    last: u64,
    amount: u64,
}

impl Window {
    /// Times and spans are nanoseconds.
    pub(crate) fn new(period: u64, margin: u64) -> Self {
        let grain = (margin / 2).max(period / GRAINS);
        Self {
            span: period.saturating_add(margin.saturating_sub(grain)),
            grain,
            entries: VecDeque::with_capacity(4),
            sum: 0,
        }
    }

    pub(crate) fn sum(&self) -> u64 {
        self.sum
    }

    /// Since when there are charges.
    pub(crate) fn first(&self) -> Option<u64> {
        self.entries.front().map(|entry| entry.first)
    }

    /// Forgets what is older than the span.
    pub(crate) fn advance(&mut self, now: u64) {
        while let Some(entry) = self.entries.front() {
            if now.saturating_sub(entry.last) < self.span {
                break;
            }
            self.sum -= entry.amount;
            self.entries.pop_front();
        }
    }

    pub(crate) fn charge(&mut self, now: u64, amount: u64) {
        // What does not fit the sum is not remembered either: the two stay consistent.
        let amount = amount.min(u64::MAX - self.sum);
        self.sum += amount;
        if let Some(entry) = self.entries.back_mut() {
            if now.saturating_sub(entry.first) < self.grain || now <= entry.last {
                entry.last = entry.last.max(now);
                entry.amount += amount;
                return;
            }
        }
        self.entries.push_back(Entry {
            first: now,
            last: now,
            amount,
        });
    }

    /// Takes `amount` from the charge that was made `at` that time, if it still counts.
    pub(crate) fn refund(&mut self, at: u64, amount: u64) {
        let index = self.entries.partition_point(|entry| entry.last < at);
        if let Some(entry) = self.entries.get_mut(index) {
            if entry.first <= at {
                let amount = amount.min(entry.amount);
                entry.amount -= amount;
                self.sum -= amount;
            }
        }
    }

    /// When `sum` has fallen to `most`, if nothing else is charged.
    pub(crate) fn falls_to(&self, now: u64, most: u64) -> u64 {
        let mut sum = self.sum;
        let mut entries = self.entries.iter();
        let mut at = now;
        while sum > most {
            let Some(entry) = entries.next() else {
                return u64::MAX;
            };
            sum -= entry.amount;
            at = now.max(entry.last.saturating_add(self.span));
        }
        at
    }
}
