use std::fmt;

/// What a circuit does with the next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Calls pass, and their results are counted.
    Closed,
    /// Calls are rejected.
    ///
    /// A circuit whose open time is over is still open until the next call, which becomes its
    /// first probe.
    Open,
    /// A few calls pass as probes, the others are rejected.
    HalfOpen,
}

impl State {
    /// The name used in logs and metrics: `closed`, `open` or `half_open`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
