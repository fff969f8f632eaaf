use std::{future::poll_fn, pin::pin, sync::Arc};

use tower_service::Service;

use super::callers::{Key, Value};
use super::{call::Call, delivery::Delivery, revalidation::Revalidation};
use crate::policy::{CacheStatus, Policy};
use crate::store::{Freshness, Store};

/// What a finished flight leaves for the caller that drove it.
pub(crate) enum Done<V, R> {
    /// What the inner service said, and those who waited were told.
    Called(R),
    /// An old answer that is stored, and the error whose place it may take.
    Stale(V, R),
    /// An error that belongs to whoever began the call, and to nobody else.
    Failed(R),
    /// Nothing: what the remote store had is stored now, and no caller had asked for it.
    Stored,
}

type DoneOf<S, Req, V> = Done<V, Result<<S as Service<Req>>::Response, <S as Service<Req>>::Error>>;

/// Why a flight calls the inner service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Miss,
    /// What is stored is stale.
    Expired,
    Refresh,
    /// A stale answer was given; no caller waits.
    Revalidate,
    /// The same, of an answer that the remote store had.
    RevalidateFetched,
}

impl Cause {
    const fn revalidates(self) -> bool {
        matches!(self, Self::Revalidate | Self::RevalidateFetched)
    }
}

/// All that a flight needs to make its call and to store what comes of it, without its caller.
pub(crate) struct Flight<S, Req, P, K, V, St, C> {
    pub(crate) inner: S,
    pub(crate) req: Req,
    pub(crate) context: C,
    pub(crate) cause: Cause,
    pub(crate) policy: Arc<P>,
    pub(crate) delivery: Delivery<K, V, St>,
}

impl<S, Req, P, K, V, St, C> Flight<S, Req, P, K, V, St, C>
where
    S: Service<Req>,
    P: Policy<Req, S::Response, S::Error, Key = K, Value = V, Context = C>,
    K: Key,
    V: Value,
    St: Store<K, V>,
{
    /// Calls the inner service, and ends the flight. No caller has asked the remote store for a stale
    /// answer at hand, so that is done here.
    pub(crate) async fn run(self) -> DoneOf<S, Req, V> {
        let (delivery, cache) = (&self.delivery, &self.delivery.cache);
        let revalidates = self.cause.revalidates();
        let revalidation = revalidates.then(|| Revalidation::new(cache, &delivery.key));
        if self.cause == Cause::Revalidate {
            let found = cache.fetch(&delivery.key).await;
            let brought = found.and_then(|entry| delivery.bring(entry));
            if let Some((value, Freshness::Fresh)) = brought {
                delivery.end().tell(Some(&value), CacheStatus::Joined);
                revalidation.into_iter().for_each(Revalidation::succeed);
                return Done::Stored;
            }
        }
        // Counted when the inner service is called: one that never gets ready, or fails before that,
        // was not called.
        let called = || match self.cause {
            Cause::Miss => cache.count(CacheStatus::Miss),
            Cause::Expired => cache.count(CacheStatus::Expired),
            Cause::Refresh => cache.count(CacheStatus::Refreshed),
            Cause::Revalidate | Cause::RevalidateFetched => cache.count_revalidation(),
        };
        let mut call = pin!(Call::new(self.inner, self.req));
        let result = poll_fn(|cx| call.as_mut().poll(cx, called)).await;
        let (policy, context) = (&*self.policy, &self.context);
        let err = match result {
            Ok(mut res) => {
                revalidation.into_iter().for_each(Revalidation::succeed);
                let keep = policy.keep(context, &res);
                let later = keep.as_ref().is_some_and(|keep| keep.later);
                match later.then(|| policy.share(&res)).flatten() {
                    Some(value) => {
                        let ticket = self.delivery.go_on(value);
                        policy.later(context, &mut res, ticket);
                    }
                    None => self.delivery.deliver(keep, || policy.share(&res)),
                }
                return Done::Called(Ok(res));
            }
            Err(err) => err,
        };
        // An old answer comes first: a shared error would be stored in its place.
        if policy.stale_if_error(context, &err) {
            if let Some(value) = delivery.deliver_stale() {
                return Done::Stale(value, Err(err));
            }
        }
        if let Some(value) = policy.share_error(context, &err) {
            let keep = policy.keep_error(context, &err);
            // An answer that can still be given is better than the error of a call for a newer one.
            let was_asked = self.cause == Cause::Refresh || self.cause.revalidates();
            let has_answer = || was_asked && cache.get(&delivery.key).is_some();
            let keep = keep.filter(|_| !has_answer());
            self.delivery.deliver(keep, || Some(value.clone()));
            return Done::Called(Err(err));
        }
        delivery.pass_on(|| policy.share_outage(context, &err));
        Done::Failed(Err(err))
    }
}
