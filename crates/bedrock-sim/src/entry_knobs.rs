//! The knobs that all entries of a script share: for which calls one is, and for how many.

use std::time::Duration;

macro_rules! entry_knobs {
    () => {
        /// Only for calls to this exact model id.
        #[must_use]
        pub fn model(mut self, id: impl Into<String>) -> Self {
            self.model = Some(id.into());
            self
        }

        /// Only for calls of this operation.
        #[must_use]
        pub fn operation(mut self, operation: Operation) -> Self {
            self.operation = Some(operation);
            self
        }

        /// Only for calls of a model whose last user message contains this text.
        #[must_use]
        pub fn prompt(mut self, text: impl Into<String>) -> Self {
            self.prompt = Some(text.into());
            self
        }

        /// Only for calls that come in this span of time, counted in whole milliseconds from when
        /// the entry is scripted. Default: at any time.
        #[must_use]
        pub fn during(mut self, span: std::ops::Range<std::time::Duration>) -> Self {
            self.from_ms = Some(crate::entry_knobs::millis(span.start));
            self.to_ms = Some(crate::entry_knobs::millis(span.end));
            self
        }

        /// For how many calls. Default: one; with a [`rate`](Self::rate), no limit.
        #[must_use]
        pub fn times(mut self, calls: u64) -> Self {
            self.times = Some(calls);
            self
        }

        /// For each matching call with this probability, once the queue has nothing for the call.
        ///
        /// # Panics
        ///
        /// If it is not from 0 to 1.
        #[must_use]
        pub fn rate(mut self, probability: f64) -> Self {
            assert!(
                (0.0..=1.0).contains(&probability),
                "a rate is from 0 to 1, not {probability}"
            );
            self.rate = Some(probability);
            self
        }
    };
}

pub(crate) use entry_knobs;

/// Keeps the arithmetic on instants from overflowing.
pub(crate) fn at_most_a_year(millis: u64) -> Duration {
    const YEAR: u64 = 365 * 24 * 60 * 60 * 1_000;
    Duration::from_millis(millis.min(YEAR))
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
