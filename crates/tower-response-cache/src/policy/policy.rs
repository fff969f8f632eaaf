use std::{hash::Hash, sync::Arc};

use super::{CacheStatus, Keep, KeepTicket, Lookup};

/// Decides which requests are answered from the cache, and which results are kept.
///
/// [`ByKey`] is a ready policy for responses that can be cloned. One policy may be implemented for
/// several request and response types with the same `Key` and `Value`: then one layer value serves
/// them all from one cache. Their keys must differ, by a tag of the operation for example.
///
/// The methods run on a caller's task, or on a task in the background where no caller waits, and under
/// no lock. If one panics, the caller that drives the call panics; those who wait for it go on without
/// it.
///
/// [`ByKey`]: crate::ByKey
pub trait Policy<Req, Res, E>: Send + Sync + 'static {
    /// What tells requests apart.
    ///
    /// Requests with equal keys get each other's answers. Put everything that shapes an answer into the
    /// key, the tenant included. If it is a digest, use one of 256 bits.
    ///
    /// Prefer a type without lifetimes, here and as [`Value`](Self::Value): see [`ByKey`].
    ///
    /// [`ByKey`]: crate::ByKey
    type Key: Hash + Eq + Clone + Send + Sync + 'static;

    /// What is stored and handed to the callers that joined a flight. It should be cheap to clone, since
    /// a hit clones it once.
    type Value: Clone + Send + Sync + 'static;

    /// What the policy must know about a request when the answer comes: the request itself was given to
    /// the inner service. For example a lifetime of its own, or that its answer is not stored. `()` if
    /// nothing.
    type Context: Send + 'static;

    /// Says what the cache is to do for `req`.
    fn lookup(&self, req: &Req) -> Lookup<Self::Key>;

    /// Takes from `req` what the other methods need. Called when its call is about to be made.
    fn context(&self, req: &Req) -> Self::Context;

    /// The tags that an answer to `req` may have, if they are known before it comes. `None`, the default,
    /// means any.
    ///
    /// A call whose answer cannot have a tag is left alone when that tag is invalidated. All tags that
    /// [`keep`](Self::keep) gives must be among these.
    fn possible_tags(&self, req: &Req) -> Option<Arc<[Arc<str>]>> {
        let _ = req;
        None
    }

    /// The result for a request that takes only stored answers, if none is stored, such as the 504 for
    /// `only-if-cached` of HTTP.
    ///
    /// With `None`, the default, the request goes on to the inner service. Called only if there is no
    /// fresh answer in the store. A stale one is given to such a request if it is given to others, and
    /// nothing is fetched for it.
    fn absent(&self, req: &Req) -> Option<Result<Res, E>> {
        let _ = req;
        None
    }

    /// Says whether and how long `res` is kept; `None` keeps it out of the store, and
    /// [`Keep::later`] leaves that to [`later`](Self::later).
    ///
    /// `context` belongs to the request that was sent, not to those that joined its flight. They get
    /// the answer whether or not it is kept.
    fn keep(&self, context: &Self::Context, res: &Res) -> Option<Keep>;

    /// Makes the value for the store and for the callers that joined the flight.
    ///
    /// With `None` the response is not stored, and those callers make calls of their own, all at
    /// once.
    fn share(&self, res: &Res) -> Option<Self::Value>;

    /// Takes the ticket with which a response is kept that comes to its end later, such as a stream.
    ///
    /// Called after [`share`](Self::share), for a response of which [`keep`](Self::keep) said
    /// [`Keep::later`]. Put the ticket where the end is seen. Until the ticket is used or dropped, the
    /// value that `share` made goes to all who ask for the key, who are [`Joined`](CacheStatus::Joined).
    /// The cache holds that value meanwhile, so it must not own the ticket. Where
    /// [`restore`](Self::restore) makes nothing of it any more, the next caller makes a call that others
    /// join. Drops the ticket by default: nothing is kept.
    fn later(&self, context: &Self::Context, res: &mut Res, ticket: KeepTicket<Self::Value>) {
        let _ = (context, res, ticket);
    }

    /// Takes a response that no caller takes: its call was made for a stale answer, was finished without
    /// callers, or was taken over by a request of another type.
    ///
    /// Drops it by default. If the response comes to its end only while somebody reads it, start a task
    /// that does. Mind that this may be called outside of a tokio runtime.
    fn unclaimed(&self, res: Res) {
        drop(res);
    }

    /// Makes a value of an error for the callers that joined the flight.
    ///
    /// With `None`, the default, they do not see the error: the one that has waited longest makes the
    /// next call, and the others wait for that one. If that fails too, the others get what
    /// [`share_outage`](Self::share_outage) makes, or all make
    /// [calls of their own](crate::ResponseCacheLayer::failures_in_turn). Share an error that each of them
    /// would get as well: that spares these calls. Do not share an error that is due to a limit of the
    /// caller; `context` can tell.
    fn share_error(&self, context: &Self::Context, err: &E) -> Option<Self::Value> {
        let _ = (context, err);
        None
    }

    /// Makes a value of an error for the callers that have waited for as many failed calls as they
    /// [may](crate::ResponseCacheLayer::failures_in_turn).
    ///
    /// With `None`, the default, each of them makes a call of its own, all at once. Only asked for an error
    /// of which [`share_error`](Self::share_error) makes nothing.
    fn share_outage(&self, context: &Self::Context, err: &E) -> Option<Self::Value> {
        let _ = (context, err);
        None
    }

    /// Says whether and how long the value that [`share_error`](Self::share_error) made of `err` is
    /// kept. `None`, the default, keeps no error.
    ///
    /// The error of a refresh, or of a call for a stale answer, is not kept while the older answer can still
    /// be given. Any other takes the place of an older answer.
    /// It spares calls. Keep errors that the same request brings again, and for a short time.
    fn keep_error(&self, context: &Self::Context, err: &E) -> Option<Keep> {
        let _ = (context, err);
        None
    }

    /// Says whether an older answer is better than `err`, if there is one that
    /// [may be given](Keep::stale_if_error). `false` by default.
    ///
    /// It is for errors that say nothing about the request: an open circuit, a quota with too long a
    /// wait, a throttle, an outage. The older answer stays stored, and the error is not. A request that
    /// asked for a new answer gets the error all the same.
    fn stale_if_error(&self, context: &Self::Context, err: &E) -> bool {
        let _ = (context, err);
        false
    }

    /// Makes a result for another caller, of a value that [`share`](Self::share) or
    /// [`share_error`](Self::share_error) made.
    ///
    /// `status` is [`Hit`](CacheStatus::Hit), [`Joined`](CacheStatus::Joined),
    /// [`Stale`](CacheStatus::Stale) or [`StaleIfError`](CacheStatus::StaleIfError). With `None`, because the value is not of this type, the caller
    /// goes on as if there were no value.
    fn restore(&self, value: Self::Value, status: CacheStatus) -> Option<Result<Res, E>>;

    /// Marks the response of a call with how the cache took part, for its caller.
    ///
    /// A caller that took the call over from one that left gets [`Joined`](CacheStatus::Joined).
    /// Called after [`share`](Self::share), so that the mark is not stored. Does nothing by default.
    fn mark(&self, res: &mut Res, status: CacheStatus) {
        let _ = (res, status);
    }
}
