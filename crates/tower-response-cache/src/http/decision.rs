use std::sync::Arc;

use http::Request;
use http_body::Body;

use super::policy::HttpPolicy;
use super::rules::Demand;
use super::stored::{HttpCaching, HttpKey, StoredResponse};
use crate::policy::{CacheStatus, Lookup};

/// How a request gets its answer.
pub(super) enum Decision {
    /// From the cache, which may ask the origin.
    Ask(Lookup<HttpKey>),
    /// From the inner service, since responses for this key are for one caller.
    Alone(HttpKey),
    /// What is stored for it, or for a GET request like it.
    Stored(Arc<StoredResponse>, CacheStatus),
    /// It takes only what is stored, and may not be given that.
    Nothing,
}

impl Decision {
    pub(super) fn of<B: Body>(
        req: &Request<B>,
        demand: Demand,
        policy: &HttpPolicy,
        cache: &HttpCaching,
    ) -> Self {
        let decision = Self::with_origin(req, demand, policy, cache);
        match decision {
            Self::Ask(Lookup::Bypass | Lookup::Refresh(_)) if demand.only_if_cached => {
                Self::Nothing
            }
            Self::Alone(key) if demand.only_if_cached => Self::Ask(Lookup::Use(key)),
            decision => decision,
        }
    }

    /// The decision for a request that the origin may be asked for.
    fn with_origin<B: Body>(
        req: &Request<B>,
        demand: Demand,
        policy: &HttpPolicy,
        cache: &HttpCaching,
    ) -> Self {
        // The content of a GET shapes its answer, and is in no key.
        if demand.past || !req.body().is_end_stream() {
            return Self::Ask(Lookup::Bypass);
        }
        let key = HttpKey::of(req, &policy.settings.vary_by, &policy.generations);
        if demand.new {
            return Self::Ask(Lookup::Refresh(key));
        }
        let stored = |key: &HttpKey| cache.get(key).map(|(stored, _)| stored);
        let fit = |stored: &Arc<StoredResponse>| fitness(stored, demand);
        // An answer to GET tells all that one to HEAD does.
        if key.is_of_head() {
            if let Some(stored) = stored(&key.of_get()) {
                if let Some(status) = fit(&stored) {
                    return Self::Stored(stored, status);
                }
            }
        }
        let limits = [demand.max_age, demand.min_fresh, demand.max_stale];
        if limits.iter().any(Option::is_some) {
            match stored(&key).map(|stored| (fit(&stored), stored)) {
                Some((Some(CacheStatus::Stale), stored)) => {
                    return Self::Stored(stored, CacheStatus::Stale);
                }
                Some((None, _)) => return Self::Ask(Lookup::Refresh(key)),
                _ => {}
            }
        }
        if !policy.unshared.has(&key) {
            return Self::Ask(Lookup::Use(key));
        }
        match stored(&key) {
            None => Self::Alone(key),
            // Those who joined a call could not have its answer.
            Some(stored) if stored.is_asked_for_each_time() => Self::Ask(Lookup::Refresh(key)),
            Some(_) => Self::Ask(Lookup::Use(key)),
        }
    }
}

/// How a stored response answers a request, if it is as fresh as that asks for.
fn fitness(stored: &StoredResponse, demand: Demand) -> Option<CacheStatus> {
    let stays_fresh = stored.stays_fresh();
    let fits = demand.max_age.is_none_or(|max| stored.age() <= max)
        && demand.min_fresh.is_none_or(|min| stays_fresh >= min);
    if !fits {
        None
    } else if !stays_fresh.is_zero() {
        Some(CacheStatus::Hit)
    } else {
        let may_be = demand.max_stale.is_some_and(|max| stored.may_be_stale(max));
        may_be.then_some(CacheStatus::Stale)
    }
}
