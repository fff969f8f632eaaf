use std::hash::Hash;

use crate::{CacheStatus, Keep, Lookup};

/// Decides which requests are answered from the cache, and which responses are kept.
///
/// [`ByKey`] is a ready policy for responses that can be cloned. One policy may be implemented for
/// several request and response types with the same `Key` and `Value`: then one layer value serves
/// them all from one cache. Their keys must differ, by a tag of the operation for example.
///
/// The methods run on the caller's task, under no lock. If one panics, the panic is the caller's;
/// the callers that wait for it go on without it.
///
/// [`ByKey`]: crate::ByKey
pub trait Policy<Req, Res, E> {
    /// What tells requests apart.
    ///
    /// Requests with equal keys get each other's answers, so everything that shapes an answer
    /// belongs into the key, the tenant included; a digest should have 256 bits.
    type Key: Hash + Eq + Clone;

    /// What is stored and handed to the callers that joined a flight. It should be cheap to clone:
    /// a hit clones it once.
    type Value: Clone;

    /// What [`keep`](Self::keep) wants to know of the request, which is gone by then: a lifetime of
    /// its own, or that it is not to be stored. `()` if nothing.
    type Context;

    /// Says what the cache is to do for `req`.
    fn lookup(&self, req: &Req) -> Lookup<Self::Key>;

    /// Takes from `req` what [`keep`](Self::keep) needs. Not called for hits and bypasses.
    fn context(&self, req: &Req) -> Self::Context;

    /// Says whether and how long `res` is kept; `None` keeps it out of the store.
    ///
    /// `context` is that of the request that was sent, not of those that joined its flight. They
    /// are answered whether or not the response is kept.
    fn keep(&self, context: &Self::Context, res: &Res) -> Option<Keep>;

    /// Makes the value for the store and for the callers that joined the flight.
    ///
    /// With `None` the response is not stored, and those callers make calls of their own, all at
    /// once.
    fn share(&self, res: &Res) -> Option<Self::Value>;

    /// Makes a value of an error for the callers that joined the flight. It is never stored.
    ///
    /// With `None`, the default, they do not see the error: the one that has waited longest makes
    /// the next call, and the others wait for that one. Errors that any of them would get just
    /// the same should be shared, lest they queue up for it; errors that come of limits of the
    /// leader's own, which `context` can tell, should not.
    fn share_error(&self, context: &Self::Context, err: &E) -> Option<Self::Value> {
        let _ = (context, err);
        None
    }

    /// Makes a result for another caller of a value that [`share`](Self::share) or
    /// [`share_error`](Self::share_error) made.
    ///
    /// `status` is [`Hit`](CacheStatus::Hit) or [`Joined`](CacheStatus::Joined). With `None`,
    /// because the value is not of this type, the caller goes on as if there were no value.
    fn restore(&self, value: Self::Value, status: CacheStatus) -> Option<Result<Res, E>>;

    /// Marks the response of a call that this caller made with how the cache took part.
    ///
    /// Called after [`share`](Self::share), so that the mark is not stored. Does nothing by default.
    fn mark(&self, res: &mut Res, status: CacheStatus) {
        let _ = (res, status);
    }
}
