/// How the cache took part in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheStatus {
    /// Answered from the store.
    Hit,

    /// Nothing was stored; this caller called the inner service.
    Miss,

    /// Answered by the call that another caller had under way.
    Joined,

    /// The request asked for a new answer; this caller called the inner service.
    Refreshed,

    /// The request went past the cache.
    Bypass,
}

impl CacheStatus {
    /// The status as one lower-case word, for a header or a metric label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Joined => "joined",
            Self::Refreshed => "refreshed",
            Self::Bypass => "bypass",
        }
    }
}
