use std::fmt;

use super::status_header::CacheStatusHeader;

/// How the cache took part in an answer.
///
/// [`cache_status`](Self::cache_status) says the same in the words of RFC 9211.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheStatus {
    /// Answered from the store.
    Hit,

    /// Nothing was stored; this caller called the inner service.
    Miss,

    /// What was stored is stale; this caller called the inner service.
    Expired,

    /// Answered by the call that another caller had made.
    Joined,

    /// The request asked for a new answer; this caller called the inner service.
    Refreshed,

    /// The request went past the cache.
    Bypass,

    /// Answered with a stored answer whose lifetime has ended, while a new one is fetched.
    Stale,

    /// Answered with a stored answer whose lifetime has ended, since the call for a new one failed.
    StaleIfError,

    /// Nothing was stored, and the request was for a stored answer only.
    Absent,
}

impl CacheStatus {
    #[cfg(feature = "metrics")]
    pub(crate) const COUNT: usize = 9;

    /// The status as one lower-case word, for a metric label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::Expired => "expired",
            Self::Joined => "joined",
            Self::Refreshed => "refreshed",
            Self::Bypass => "bypass",
            Self::Stale => "stale",
            Self::StaleIfError => "stale_if_error",
            Self::Absent => "absent",
        }
    }

    /// The value of a `Cache-Status` header (RFC 9211), for a cache called `name`.
    ///
    /// A `name` that is no token, such as `my cache`, is written as a string, without what a header cannot
    /// have.
    ///
    /// ```
    /// use tower_response_cache::CacheStatus;
    ///
    /// let header = CacheStatus::Joined.cache_status("bedrock").to_string();
    /// assert_eq!(header, "bedrock; fwd=uri-miss; collapsed");
    /// let header = CacheStatus::Miss.cache_status("bedrock").fwd_status(200).stored(true);
    /// assert_eq!(header.to_string(), "bedrock; fwd=uri-miss; fwd-status=200; stored");
    /// ```
    pub const fn cache_status(self, name: &str) -> CacheStatusHeader<'_> {
        CacheStatusHeader {
            name,
            parameters: self.parameters(),
            is_forwarded: self.is_forwarded(),
            fwd_status: None,
            stored: false,
        }
    }

    /// Whether a call was made for the request, or shared by it.
    const fn is_forwarded(self) -> bool {
        !matches!(self, Self::Hit | Self::Stale | Self::Absent)
    }

    const fn parameters(self) -> &'static str {
        // Words of RFC 9211. `fwd` says why a request went on to the inner service, so an answer
        // without a call has none; `collapsed` says that it shared the call of another request.
        match self {
            Self::Hit => "hit",
            Self::Miss => "fwd=uri-miss",
            Self::Expired => "fwd=stale",
            Self::Joined => "fwd=uri-miss; collapsed",
            Self::Refreshed => "fwd=request",
            Self::Bypass => "fwd=bypass",
            // A hit, since it did not wait for a call; only `detail` can say that it is old.
            Self::Stale => "hit; detail=stale",
            Self::StaleIfError => "fwd=stale; detail=stale-if-error",
            Self::Absent => "detail=absent",
        }
    }
}

impl fmt::Display for CacheStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
