use http::{HeaderMap, Request};

use crate::http::asked::Asked;
use crate::http::forwarded::Forwarded;
use crate::http::rules;
use crate::http::stored::{Generations, HttpCaching, HttpKey, Stored, authority, path, target};
use crate::{policy::Lookup, store::Freshness};

/// What a call is made for, beside its caller.
pub(super) enum Purpose {
    /// Its answer may be kept.
    Keep(Keeping),
    /// Its answer is for its caller alone, as that to the last request with this key was. It tells
    /// whether the next one will be, too.
    Look(HttpKey),
    /// It may change what its target answers.
    Invalidate(Target),
    /// Nothing.
    Pass,
}

/// A call whose answer may be kept.
pub(super) struct Keeping {
    pub(super) key: HttpKey,
    /// What is stored, if the origin is asked whether that is still good.
    pub(super) stored: Option<Stored>,
    /// Whether what is stored may take the place of a failure though no caller waits for a stale answer:
    /// each request for it asks the origin.
    pub(super) stands_in: bool,
}

/// What an unsafe request is sent to.
pub(super) struct Target {
    scheme: Option<String>,
    authority: Vec<u8>,
    path: String,
}

impl Purpose {
    /// Also says why the request goes on, and gives it the conditions of what is stored.
    pub(super) fn of<B>(asked: &mut Asked<B>, cache: &HttpCaching) -> (Self, Forwarded) {
        let Some(key) = asked.key().cloned() else {
            return Self::past(asked);
        };
        let (stored, freshness) = cache.get(&key).unzip();
        let demanded = asked.demand.new || freshness == Some(Freshness::Fresh);
        let forwarded = match freshness {
            None => Forwarded::Miss,
            Some(Freshness::Fresh) => Forwarded::Request,
            Some(_) => Forwarded::Stale,
        };
        let refreshes = matches!(asked.lookup, Lookup::Refresh(_));
        let headers = stored.as_ref().map(|stored| stored.headers());
        let headers = headers.filter(rules::has_validator);
        rules::ask_whether_changed(asked.req.headers_mut(), headers.as_ref());
        let keeping = Keeping {
            key,
            stored: stored.filter(|_| headers.is_some()),
            stands_in: refreshes && !demanded,
        };
        (Self::Keep(keeping), forwarded)
    }

    /// The purpose of a request that goes past the cache.
    fn past<B>(asked: &Asked<B>) -> (Self, Forwarded) {
        if let Some(key) = &asked.unshared {
            return (Self::Look(key.clone()), Forwarded::Bypass);
        }
        let method = asked.req.method();
        if rules::is_kept(method) {
            (Self::Pass, Forwarded::Bypass)
        } else if method.is_safe() {
            (Self::Pass, Forwarded::Method)
        } else {
            (Self::Invalidate(Target::of(&asked.req)), Forwarded::Method)
        }
    }
}

impl Target {
    fn of<B>(req: &Request<B>) -> Self {
        Self {
            scheme: req.uri().scheme_str().map(str::to_owned),
            authority: authority(req.uri(), req.headers()),
            path: path(req.uri()).to_owned(),
        }
    }

    /// Invalidates it, and what else a response that succeeded says was changed: RFC 9111, section 4.4.
    pub(super) fn invalidate(&self, told: &HeaderMap, generations: &Generations) {
        generations.invalidate(&target(&self.authority, &self.path));
        if let Ok(authority) = std::str::from_utf8(&self.authority) {
            let scheme = self.scheme.as_deref();
            for path in rules::also_changed(told, scheme, authority, &self.path) {
                generations.invalidate(&target(&self.authority, &path));
            }
        }
    }
}
