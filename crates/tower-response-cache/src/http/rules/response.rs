use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use super::{age, cache_control::CacheControl, vary};
use crate::http::settings::HttpSettings;

/// How long a response is good for, from its arrival on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    /// How old it is at its arrival.
    pub(crate) age: Duration,
    /// How long it stays fresh; never zero.
    pub(crate) ttl: Duration,
    pub(crate) while_revalidate: Duration,
    pub(crate) if_error: Duration,
}

/// The statuses that may be kept without a word about it: RFC 9110, section 15.1, without 206, which is
/// not whole.
const KEPT: [u16; 11] = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];
/// Those that are kept if the response says how long.
const KEPT_IF_TOLD: [u16; 2] = [302, 307];

/// How long a shared cache may keep a response; `None` if it must not, or if the response says nothing
/// about it.
pub(crate) fn lifetime(
    status: StatusCode,
    headers: &HeaderMap,
    settings: &HttpSettings,
    delay: Duration,
    now: SystemTime,
) -> Option<Lifetime> {
    let directives = CacheControl::of(headers);
    let by_default = KEPT.contains(&status.as_u16());
    let forbidden = directives.no_store
        || directives.private
        // It may be kept, but not be used without asking the origin, which this cache cannot.
        || directives.no_cache
        || headers.contains_key(header::SET_COOKIE)
        || !vary::is_told_apart(headers, &settings.vary_by)
        || !(by_default || KEPT_IF_TOLD.contains(&status.as_u16()));
    if forbidden {
        return None;
    }
    let told = (directives.s_maxage.time())
        .or(directives.max_age.time())
        .or_else(|| age::expires_in(headers, now));
    let whole = match told {
        Some(told) => told,
        None if by_default => settings.default_ttl,
        None => return None,
    };
    let age = age::initial_age(headers, delay, now);
    let ttl = whole.checked_sub(age).filter(|ttl| !ttl.is_zero())?;
    // `s-maxage` implies `proxy-revalidate`: section 5.2.2.10.
    let never_stale = directives.must_revalidate || directives.s_maxage.time().is_some();
    let stale = |time: Option<Duration>| time.filter(|_| !never_stale).unwrap_or_default();
    Some(Lifetime {
        age,
        ttl,
        while_revalidate: stale(directives.stale_while_revalidate.time()),
        if_error: stale(directives.stale_if_error.time()),
    })
}

/// Whether a response is an error in the sense of `stale-if-error`: RFC 5861, section 4.
pub(crate) fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// Whether a response that is not kept makes an older one outdated: it tells what the resource is now,
/// and not just that this request was refused.
pub(crate) fn replaces(status: StatusCode) -> bool {
    let redirects = status.is_redirection() && status != StatusCode::NOT_MODIFIED;
    status.is_success() || redirects || matches!(status.as_u16(), 404 | 410)
}
