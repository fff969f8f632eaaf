//! The knobs that all entries of a script share: for which calls one is, and for how many.

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
