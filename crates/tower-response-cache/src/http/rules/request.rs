use std::time::Duration;

use http::{HeaderMap, Method, header};

use super::cache_control::CacheControl;

/// What a request asks of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Demand {
    /// It goes past the cache: nothing is read for it, and its answer is not kept.
    pub(crate) past: bool,
    /// It is for a caller that may have what is stored.
    pub(crate) conditional: bool,
    /// No stored answer will do.
    pub(crate) new: bool,
    /// Only a stored answer will do.
    pub(crate) only_if_cached: bool,
    /// A stored answer may be that old.
    pub(crate) max_age: Option<Duration>,
    /// A stored answer must stay fresh for so long.
    pub(crate) min_fresh: Option<Duration>,
    /// A stored answer may be stale for so long.
    pub(crate) max_stale: Option<Duration>,
}

/// Reads what a request without content asks for.
pub(crate) fn demand(method: &Method, headers: &HeaderMap) -> Demand {
    let directives = CacheControl::of(headers);
    // An old client's way to say `no-cache`, and only where it does not know the new one.
    let pragma = !headers.contains_key(header::CACHE_CONTROL)
        && headers.get(header::PRAGMA).is_some_and(|pragma| {
            pragma
                .as_bytes()
                .trim_ascii()
                .eq_ignore_ascii_case(b"no-cache")
        });
    Demand {
        past: !is_kept(method)
            || PAST.iter().any(|name| headers.contains_key(name))
            || directives.no_store,
        conditional: headers.contains_key(header::IF_NONE_MATCH)
            || headers.contains_key(header::IF_MODIFIED_SINCE),
        new: directives.no_cache || pragma || directives.max_age.time() == Some(Duration::ZERO),
        only_if_cached: directives.only_if_cached,
        max_age: directives.max_age.time(),
        min_fresh: directives.min_fresh.time(),
        max_stale: directives.max_stale.time(),
    }
}

/// Whether answers to requests of this method are kept.
pub(crate) fn is_kept(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Requests with these fields are for one caller, or for something else than a whole representation.
const PAST: [header::HeaderName; 6] = [
    header::AUTHORIZATION,
    header::RANGE,
    header::IF_MATCH,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
    header::UPGRADE,
];
