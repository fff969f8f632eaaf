use std::{fmt, hash::Hash, time::Duration};

use super::choices::{By, KeepIf, Plain, ShareErrors, Weigh};
use crate::policy::{CacheStatus, Keep, Lookup, Policy};

/// A [`Policy`] for responses that can be cloned: a key for each request, one lifetime for all.
///
/// The closure gives the key of a request, or `None` to go past the cache.
///
/// # Knobs
///
/// | | default |
/// |---|---|
/// | [`keep_if`](Self::keep_if) | every `Ok` response is kept, whatever its status says |
/// | [`weigh`](Self::weigh) | 1, so the bound of the layer counts entries |
/// | [`stale_while_revalidate`](Self::stale_while_revalidate) | 0 |
/// | [`stale_if_error`](Self::stale_if_error) | 0 |
/// | [`share_errors`](Self::share_errors) | none: after one the next caller tries, after the second [all](crate::ResponseCacheLayer::failures_in_turn) |
///
/// ```
/// use std::time::Duration;
/// use tower_response_cache::ByKey;
///
/// # struct Answer { complete: bool, text: String }
/// # #[derive(Clone)] struct Failure;
/// # let _ =
/// ByKey::new(Duration::from_secs(60), |question: &String| Some(question.clone()))
///     .keep_if(|answer: &Answer| answer.complete)
///     .weigh(|answer: &Answer| answer.text.len() as u64)
///     .stale_while_revalidate(Duration::from_secs(600))
///     .share_errors(|error: &Failure| Some(error.clone()));
/// ```
///
/// Prefer keys and responses without lifetimes: with a `&'static str` as either, the service cannot be
/// called in the `async` block of every spawned task (rust-lang/rust#102211). Use a number or an
/// `Arc<str>`; or spawn the future itself, or call `boxed_clone()` on the service first.
#[derive(Clone, Copy)]
pub struct ByKey<F, P = Plain, W = Plain, S = Plain> {
    ttl: Duration,
    while_revalidate: Duration,
    if_error: Duration,
    key: F,
    keep_if: P,
    weigh: W,
    errors: S,
}

impl<F> ByKey<F> {
    /// Keeps responses for `ttl` under the keys that `key` gives.
    pub const fn new(ttl: Duration, key: F) -> Self {
        Self {
            ttl,
            while_revalidate: Duration::ZERO,
            if_error: Duration::ZERO,
            key,
            keep_if: Plain,
            weigh: Plain,
            errors: Plain,
        }
    }
}

impl<F, P, W, S> ByKey<F, P, W, S> {
    /// Keeps only responses of which `keep` is true. Who joined the call gets the others, too.
    #[must_use]
    pub fn keep_if<Res, C>(self, keep: C) -> ByKey<F, By<C>, W, S>
    where
        C: Fn(&Res) -> bool + Send + Sync + 'static,
    {
        ByKey {
            ttl: self.ttl,
            while_revalidate: self.while_revalidate,
            if_error: self.if_error,
            key: self.key,
            keep_if: By(keep),
            weigh: self.weigh,
            errors: self.errors,
        }
    }

    /// Sets how much a response weighs, in the unit of the store's bound: see [`Keep::weight`].
    ///
    /// Beside [`MemoryStore::of_bytes`](crate::MemoryStore::of_bytes) that is what the response has on the
    /// heap, and its key, if that is a `String` for example: bytes. Without it such a store counts one byte for
    /// both, and takes far more memory than its bound.
    #[must_use]
    pub fn weigh<Res, C>(self, weigh: C) -> ByKey<F, P, By<C>, S>
    where
        C: Fn(&Res) -> u64 + Send + Sync + 'static,
    {
        ByKey {
            ttl: self.ttl,
            while_revalidate: self.while_revalidate,
            if_error: self.if_error,
            key: self.key,
            keep_if: self.keep_if,
            weigh: By(weigh),
            errors: self.errors,
        }
    }

    /// Gives an error to all callers that wait for the call, if `copy` returns one for them. Without
    /// it, or for an error of which `copy` makes `None`, the next of them makes a call, and after
    /// [a second error](crate::ResponseCacheLayer::failures_in_turn) each of them does.
    ///
    /// Share errors that each of them would get as well. An error that cannot be cloned, such as a
    /// `BoxError`, has to be wrapped in one that can: `Arc<dyn Error + Send + Sync>`.
    #[must_use]
    pub fn share_errors<E, C>(self, copy: C) -> ByKey<F, P, W, By<C>>
    where
        C: Fn(&E) -> Option<E> + Send + Sync + 'static,
    {
        ByKey {
            ttl: self.ttl,
            while_revalidate: self.while_revalidate,
            if_error: self.if_error,
            key: self.key,
            keep_if: self.keep_if,
            weigh: self.weigh,
            errors: By(copy),
        }
    }

    /// Gives an old response for `time` more after its lifetime, while one call in the background fetches
    /// a new one: see [`Keep::stale_while_revalidate`].
    #[must_use]
    pub const fn stale_while_revalidate(mut self, time: Duration) -> Self {
        self.while_revalidate = time;
        self
    }

    /// Lets an old response take the place of any error for `time` more after its lifetime: see
    /// [`Keep::stale_if_error`].
    #[must_use]
    pub const fn stale_if_error(mut self, time: Duration) -> Self {
        self.if_error = time;
        self
    }
}

impl<F, K, Req, Res, E, P, W, S> Policy<Req, Res, E> for ByKey<F, P, W, S>
where
    F: Fn(&Req) -> Option<K> + Send + Sync + 'static,
    K: Hash + Eq + Clone + Send + Sync + 'static,
    P: KeepIf<Res>,
    W: Weigh<Res>,
    S: ShareErrors<Res, E>,
{
    type Key = K;
    type Value = S::Value;
    type Context = ();

    fn lookup(&self, req: &Req) -> Lookup<K> {
        (self.key)(req).map_or(Lookup::Bypass, Lookup::Use)
    }

    fn context(&self, _: &Req) {}

    fn keep(&self, (): &(), res: &Res) -> Option<Keep> {
        let keep = || {
            Keep::new(self.ttl)
                .stale_while_revalidate(self.while_revalidate)
                .stale_if_error(self.if_error)
                .weight(self.weigh.weight(res))
        };
        self.keep_if.keeps(res).then(keep)
    }

    fn share(&self, res: &Res) -> Option<S::Value> {
        Some(self.errors.response(res))
    }

    fn share_error(&self, (): &(), err: &E) -> Option<S::Value> {
        self.errors.error(err)
    }

    fn stale_if_error(&self, (): &(), _: &E) -> bool {
        !self.if_error.is_zero()
    }

    fn restore(&self, value: S::Value, _: CacheStatus) -> Option<Result<Res, E>> {
        Some(self.errors.restore(value))
    }
}

impl<F, P, W, S> fmt::Debug for ByKey<F, P, W, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByKey")
            .field("ttl", &self.ttl)
            .field("stale_while_revalidate", &self.while_revalidate)
            .field("stale_if_error", &self.if_error)
            .finish_non_exhaustive()
    }
}
