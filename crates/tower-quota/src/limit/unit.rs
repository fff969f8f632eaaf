use std::fmt;

/// What a [`Limit`](crate::Limit) counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Each call is one.
    Calls,
    /// Each call is as many as it costs: [`Ask::tokens`](crate::Ask::tokens) at first, what it
    /// came to in the end.
    Tokens,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Calls => "calls",
            Self::Tokens => "tokens",
        })
    }
}
