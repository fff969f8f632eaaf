use std::time::Duration;

/// The calls that a rate is taken over.
///
/// Costs the same at any number of calls: a window of calls keeps one bit for each, a window of
/// time ten counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub(crate) span: Span,
    pub(crate) minimum: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Calls(u32),
    Time(Duration),
}

impl Window {
    const MINIMUM: u32 = 10;

    /// The last `calls` calls.
    ///
    /// # Panics
    ///
    /// If `calls` is zero.
    #[must_use]
    pub fn calls(calls: u32) -> Self {
        assert!(calls > 0, "a window holds at least one call");
        Self {
            span: Span::Calls(calls),
            minimum: Self::MINIMUM.min(calls),
        }
    }

    /// The calls of the last `time`. A tenth of `time` is forgotten at once, so the window holds
    /// the calls of nine tenths of it at least.
    ///
    /// # Panics
    ///
    /// If `time` is under ten milliseconds.
    #[must_use]
    pub fn time(time: Duration) -> Self {
        assert!(
            time >= Duration::from_millis(10),
            "a window of time spans at least ten milliseconds"
        );
        Self {
            span: Span::Time(time),
            minimum: Self::MINIMUM,
        }
    }

    /// The rate decides nothing until the window holds `calls` calls. Default: 10, or all calls of
    /// a shorter window.
    ///
    /// # Panics
    ///
    /// If `calls` is zero, or more than a window of calls can hold.
    #[must_use]
    pub fn minimum(mut self, calls: u32) -> Self {
        assert!(calls > 0, "no rate can be taken over no calls");
        if let Span::Calls(size) = self.span {
            assert!(calls <= size, "the window never holds that many calls");
        }
        self.minimum = calls;
        self
    }
}
