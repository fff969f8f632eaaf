use std::{fmt, hash::Hash, time::Duration};

use super::{CacheStatus, Keep, Lookup, Policy};

/// A [`Policy`] for responses that can be cloned: a key for each request, one lifetime for all.
///
/// The closure gives the key of a request, or `None` to go past the cache. Every `Ok` response is
/// kept, at weight 1, so the bound of the layer counts entries. Errors are not shared: after one, the
/// callers that waited try one after the other. Write a [`Policy`] to share them.
///
/// Prefer keys and responses without lifetimes: with a `&'static str` as either, the service cannot be
/// called in the `async` block of every spawned task (rust-lang/rust#102211). Use a number or an
/// `Arc<str>`; or spawn the future itself, or call `boxed_clone()` on the service first.
#[derive(Clone, Copy)]
pub struct ByKey<F> {
    ttl: Duration,
    key: F,
}

impl<F> ByKey<F> {
    /// Keeps responses for `ttl` under the keys that `key` gives.
    pub const fn new(ttl: Duration, key: F) -> Self {
        Self { ttl, key }
    }
}

impl<F, K, Req, Res, E> Policy<Req, Res, E> for ByKey<F>
where
    F: Fn(&Req) -> Option<K> + Send + Sync + 'static,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    Res: Clone + Send + Sync + 'static,
{
    type Key = K;
    type Value = Res;
    type Context = ();

    fn lookup(&self, req: &Req) -> Lookup<K> {
        (self.key)(req).map_or(Lookup::Bypass, Lookup::Use)
    }

    fn context(&self, _: &Req) {}

    fn keep(&self, (): &(), _: &Res) -> Option<Keep> {
        Some(Keep::new(self.ttl))
    }

    fn share(&self, res: &Res) -> Option<Res> {
        Some(res.clone())
    }

    fn restore(&self, value: Res, _: CacheStatus) -> Option<Result<Res, E>> {
        Some(Ok(value))
    }
}

impl<F> fmt::Debug for ByKey<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByKey")
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}
