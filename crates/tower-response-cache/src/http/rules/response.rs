use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};

use super::{age, cache_control::CacheControl, validation, vary};
use crate::http::settings::HttpSettings;

/// How long a response is good for, from its arrival on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    /// How old it is at its arrival.
    pub(crate) age: Duration,
    /// How long it stays fresh.
    pub(crate) ttl: Duration,
    pub(crate) while_revalidate: Duration,
    pub(crate) if_error: Duration,
    /// How long it may still be of use if the origin says that it is unchanged.
    pub(crate) if_unchanged: Duration,
    /// Whether it is not given stale, whatever a request allows.
    pub(crate) never_stale: bool,
}

impl Lifetime {
    /// That of a response which is not kept.
    pub(crate) const NONE: Self = Self {
        age: Duration::ZERO,
        ttl: Duration::ZERO,
        while_revalidate: Duration::ZERO,
        if_error: Duration::ZERO,
        if_unchanged: Duration::ZERO,
        never_stale: true,
    };
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
        // It may be kept, but not be used without asking the origin.
        _ if directives.no_cache => Duration::ZERO,
        Some(told) => told,
        None if by_default && !settings.default_ttl.is_zero() => settings.default_ttl,
        None => return None,
    };
    let age = age::initial_age(headers, delay, now);
    // `s-maxage` implies `proxy-revalidate`: section 5.2.2.10.
    let never_stale =
        directives.no_cache || directives.must_revalidate || directives.s_maxage.time().is_some();
    let beyond = age.saturating_sub(whole);
    let stale = |time: Option<Duration>| {
        let allowed = time.filter(|_| !never_stale).unwrap_or_default();
        allowed.saturating_sub(beyond)
    };
    let is_checked = validation::has_validator(headers);
    let lifetime = Lifetime {
        age,
        ttl: whole.saturating_sub(age),
        while_revalidate: stale(directives.stale_while_revalidate.time()),
        if_error: stale(directives.stale_if_error.time()),
        if_unchanged: if is_checked {
            settings.validate_for
        } else {
            Duration::ZERO
        },
        never_stale,
    };
    let is_of_use = [
        lifetime.ttl,
        lifetime.while_revalidate,
        lifetime.if_error,
        lifetime.if_unchanged,
    ];
    is_of_use
        .iter()
        .any(|time| !time.is_zero())
        .then_some(lifetime)
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
