use std::{future::poll_fn, pin::pin, sync::Arc};

use tokio::time::Instant;
use tower_service::Service;

use crate::{
    flight::cache::Cache,
    flight::call::Call,
    flight::callers::shared_table::{Ended, Key, Value},
    policy::{CacheStatus, Keep, Policy},
    store::{Entry, Freshness, Store},
};

/// What the one that drove a flight to its end has of it.
pub(crate) enum Done<V, R> {
    /// What the inner service said, and those who waited were told.
    Called(R),
    /// What was stored on the second level.
    Restored(R),
    /// What is stored, though old, and the error that it may take the place of.
    Stale(V, R),
    /// An error of whoever began the call, and nobody else's.
    Failed(R),
    /// Nothing: what the second level had is at hand now, and no caller had asked for it.
    Brought,
}

type DoneOf<S, Req, V> = Done<V, Result<<S as Service<Req>>::Response, <S as Service<Req>>::Error>>;

/// Why a flight calls the inner service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Miss,
    Refresh,
    /// A stale answer was given; no caller waits.
    Revalidate,
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

/// A flight's place in the cache.
pub(crate) struct Delivery<K, V, St> {
    pub(crate) cache: Arc<Cache<K, V, St>>,
    pub(crate) key: K,
    pub(crate) flight: u64,
}

impl<S, Req, P, K, V, St, C> Flight<S, Req, P, K, V, St, C>
where
    S: Service<Req>,
    P: Policy<Req, S::Response, S::Error, Key = K, Value = V, Context = C>,
    K: Key,
    V: Value,
    St: Store<K, V>,
{
    /// Asks the second level, then the inner service, and lands the flight.
    pub(crate) async fn run(self) -> DoneOf<S, Req, V> {
        let delivery = &self.delivery;
        if self.cause != Cause::Refresh {
            let found = delivery.cache.fetch(&delivery.key).await;
            if let Some(value) = found.and_then(|entry| delivery.bring(entry)) {
                if let Some(done) = self.deliver_fetched(&value) {
                    return done;
                }
            }
        }
        let called = || match self.cause {
            Cause::Miss => delivery.cache.count(CacheStatus::Miss),
            Cause::Refresh => delivery.cache.count(CacheStatus::Refreshed),
            Cause::Revalidate => delivery.cache.count_revalidation(),
        };
        let mut call = pin!(Call::new(self.inner, self.req));
        let result = poll_fn(|cx| call.as_mut().poll(cx, called)).await;
        let (policy, context) = (&*self.policy, &self.context);
        let err = match result {
            Ok(res) => {
                delivery.deliver(policy.keep(context, &res), || policy.share(&res));
                return Done::Called(Ok(res));
            }
            Err(err) => err,
        };
        if policy.stale_if_error(context, &err) {
            if let Some(value) = delivery.deliver_stale() {
                return Done::Stale(value, Err(err));
            }
        }
        match policy.share_error(context, &err) {
            Some(value) => {
                delivery.deliver(policy.keep_error(context, &err), || Some(value.clone()));
                Done::Called(Err(err))
            }
            None => {
                delivery.pass_on();
                Done::Failed(Err(err))
            }
        }
    }

    /// Lands with what the second level had, unless the caller can make nothing of it.
    fn deliver_fetched(&self, value: &V) -> Option<DoneOf<S, Req, V>> {
        let done = if self.cause == Cause::Revalidate {
            Done::Brought
        } else {
            let result = self.policy.restore(value.clone(), CacheStatus::Hit)?;
            self.delivery.cache.count(CacheStatus::Hit);
            Done::Restored(result)
        };
        let ended = self.delivery.end(false);
        ended.waiters.tell(Some(value), CacheStatus::Joined);
        Some(done)
    }
}

impl<K: Key, V: Value, St: Store<K, V>> Delivery<K, V, St> {
    /// Stores what is to be kept, then hands it to those who wait.
    fn deliver(&self, keep: Option<Keep>, share: impl Fn() -> Option<V>) {
        let keep = keep.filter(|keep| !keep.ttl().is_zero() && self.claim(keep));
        let (mut value, mut remote) = (None, None);
        if let Some(keep) = keep {
            value = share();
            if let Some(value) = value.clone() {
                let entry = Entry::new(value, keep, Instant::now());
                remote = self.cache.encode(&entry);
                self.cache.insert(self.key.clone(), entry);
            }
        }
        let ended = self.end(remote.is_some());
        if value.is_some() && !ended.keepable {
            // Invalidated, or overtaken by a later call, between the claim and now.
            self.cache.remove(&self.key);
        }
        match remote {
            Some(remote) if ended.keepable => {
                Arc::clone(&self.cache).write_behind(self.key.clone(), self.flight, remote);
            }
            Some(_) => drop(self.end(false)),
            None => {}
        }
        if !ended.waiters.is_empty() {
            let value = value.or_else(share);
            ended.waiters.tell(value.as_ref(), CacheStatus::Joined);
        }
    }

    /// Puts at hand what was far, and gives it if it is fresh.
    fn bring(&self, entry: Entry<V>) -> Option<V> {
        let fresh = entry.freshness(Instant::now()) == Freshness::Fresh;
        let value = fresh.then(|| entry.value().clone());
        let keep = entry.keep().clone();
        if self.claim(&keep) {
            self.cache.insert(self.key.clone(), entry);
            if !self.claim(&keep) {
                self.cache.remove(&self.key);
            }
        }
        value
    }

    /// Lands with what is stored, however old, if there is anything.
    fn deliver_stale(&self) -> Option<V> {
        let (value, _) = self.cache.get(&self.key)?;
        self.end(false)
            .waiters
            .tell(Some(&value), CacheStatus::Stale);
        Some(value)
    }

    /// Ends without an answer for others: the next one makes its own call.
    fn pass_on(&self) {
        self.cache
            .flights()
            .pass_on(&self.key, self.flight, None, false);
    }

    fn claim(&self, keep: &Keep) -> bool {
        let flights = self.cache.flights();
        flights.claim(&self.key, self.flight, keep.shared_tags())
    }

    fn end(&self, goes_on: bool) -> Ended<V> {
        self.cache.flights().land(&self.key, self.flight, goes_on)
    }
}
