use std::sync::Arc;

use http::Request;
use http_body::Body;

use super::policy::HttpPolicy;
use super::rules::{self, Demand};
use super::stored::{HttpCaching, HttpKey, StoredResponse};
use crate::policy::Lookup;

/// How a request gets its answer.
pub(super) enum Decision {
    /// From the cache, which may ask the origin.
    Ask(Lookup<HttpKey>),
    /// From the inner service, since responses for this key are for one caller.
    Alone(HttpKey),
    /// What is stored, or that it is unchanged.
    Stored(Arc<StoredResponse>),
    Unchanged(Arc<StoredResponse>),
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
        let stored = || cache.get(&key).map(|(stored, _)| stored);
        if demand.conditional {
            let fit = stored().filter(|stored| stored.is_ok() && is_fit(stored, demand));
            return match fit {
                Some(stored) if rules::is_unchanged(req.headers(), &stored.headers()) => {
                    Self::Unchanged(stored)
                }
                Some(stored) => Self::Stored(stored),
                // A 304 of the inner service would be of no use to other callers.
                None => Self::Ask(Lookup::Bypass),
            };
        }
        let limited = demand.max_age.is_some() || demand.min_fresh.is_some();
        let unfit = || limited && stored().is_some_and(|stored| !is_fit(&stored, demand));
        if demand.new || unfit() {
            Self::Ask(Lookup::Refresh(key))
        } else if policy.unshared.has(&key) && stored().is_none() {
            Self::Alone(key)
        } else {
            Self::Ask(Lookup::Use(key))
        }
    }
}

/// Whether a stored response is as fresh as is asked for. No request says `max-stale` here.
fn is_fit(stored: &StoredResponse, demand: Demand) -> bool {
    let stays_fresh = stored.stays_fresh();
    !demand.new
        && !stays_fresh.is_zero()
        && demand.max_age.is_none_or(|max| stored.age() <= max)
        && demand.min_fresh.is_none_or(|min| stays_fresh >= min)
}
