use std::{
    future::Future,
    hash::Hash,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    CacheStatus, Policy, Store,
    cache::Cache,
    call::Call,
    flights::{Boarded, Lead, Wait, Waited},
};

/// How a request that was no hit comes to its answer.
pub(crate) enum Way<K: Hash + Eq, V> {
    /// By the flight of its key, which it has yet to join or to start.
    Board(K),
    /// By a new flight of its key, which it has yet to start.
    Refresh(K),
    /// By a flight that another leads.
    Wait(Wait<K, V>),
    /// By its own call; others may wait for it if it leads a flight.
    Call(Option<Lead<K, V>>, CacheStatus),
    /// It has its answer, or panicked.
    Done,
}

pin_project! {
    /// A request that was no hit, with an inner service of its own, for it may have to call it.
    pub(crate) struct Miss<S, Req, P, St>
    where
        S: Service<Req>,
        P: Policy<Req, S::Response, S::Error>,
    {
        way: Way<P::Key, P::Value>,
        shared: Shared<P, P::Key, P::Value, St, P::Context>,
        #[pin]
        call: Call<S, Req, S::Future>,
    }
}

/// What a miss needs besides its call: nothing of it is pinned.
struct Shared<P, K, V, St, C> {
    policy: Arc<P>,
    cache: Arc<Cache<K, V, St>>,
    /// Absent for a bypass.
    context: Option<C>,
}

impl<S, Req, P, St> Miss<S, Req, P, St>
where
    S: Service<Req>,
    P: Policy<Req, S::Response, S::Error>,
{
    pub(crate) fn new(
        call: Call<S, Req, S::Future>,
        policy: Arc<P>,
        cache: Arc<Cache<P::Key, P::Value, St>>,
        way: Way<P::Key, P::Value>,
        context: Option<P::Context>,
    ) -> Self {
        Self {
            way,
            shared: Shared {
                policy,
                cache,
                context,
            },
            call,
        }
    }
}

impl<S, Req, P, St> Future for Miss<S, Req, P, St>
where
    S: Service<Req>,
    P: Policy<Req, S::Response, S::Error>,
    St: Store<P::Key, P::Value>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (shared, mut call) = (this.shared, this.call);
        // A panic below drops the way: the lead passes on at once, whoever keeps this future.
        let mut way = mem::replace(this.way, Way::Done);
        loop {
            way = match way {
                Way::Board(key) => match shared.cache.flights().board(key) {
                    Boarded::Wait(wait) => Way::Wait(wait),
                    Boarded::Lead(lead) => match shared.landed_before(lead) {
                        Ok(result) => return Poll::Ready(result),
                        Err(lead) => Way::Call(Some(lead), CacheStatus::Miss),
                    },
                },
                Way::Refresh(key) => {
                    let lead = shared.cache.flights().start(key);
                    Way::Call(Some(lead), CacheStatus::Refreshed)
                }
                Way::Wait(mut wait) => match wait.poll(cx) {
                    Poll::Pending => {
                        *this.way = Way::Wait(wait);
                        return Poll::Pending;
                    }
                    Poll::Ready(Waited::Landed(value)) => {
                        match shared.restore(value, CacheStatus::Joined) {
                            Some(result) => return Poll::Ready(result),
                            None => Way::Call(None, CacheStatus::Miss),
                        }
                    }
                    Poll::Ready(Waited::Lead(lead)) => Way::Call(Some(lead), CacheStatus::Miss),
                    Poll::Ready(Waited::Alone) => Way::Call(None, CacheStatus::Miss),
                },
                Way::Call(lead, status) => {
                    let called = || shared.cache.count(status);
                    let Poll::Ready(mut result) = call.as_mut().poll(cx, called) else {
                        *this.way = Way::Call(lead, status);
                        return Poll::Pending;
                    };
                    if let Some(lead) = lead {
                        shared.land(lead, &result);
                    }
                    if let Ok(res) = &mut result {
                        shared.policy.mark(res, status);
                    }
                    return Poll::Ready(result);
                }
                Way::Done => panic!("polled after completion"),
            }
        }
    }
}

impl<P, K, V, St, C> Shared<P, K, V, St, C>
where
    K: Hash + Eq + Clone,
    V: Clone,
    St: Store<K, V>,
{
    fn restore<Req, Res, E>(&self, value: V, status: CacheStatus) -> Option<Result<Res, E>>
    where
        P: Policy<Req, Res, E, Key = K, Value = V, Context = C>,
    {
        let result = self.policy.restore(value, status)?;
        self.cache.count(status);
        Some(result)
    }

    /// Looks into the store once more: another flight may have landed since it was read.
    fn landed_before<Req, Res, E>(&self, lead: Lead<K, V>) -> Result<Result<Res, E>, Lead<K, V>>
    where
        P: Policy<Req, Res, E, Key = K, Value = V, Context = C>,
    {
        let Some(value) = self.cache.get(lead.key()) else {
            return Err(lead);
        };
        let Some(result) = self.restore(value.clone(), CacheStatus::Hit) else {
            return Err(lead);
        };
        lead.land().waiting.tell(Some(&value));
        Ok(result)
    }

    /// Stores what is to be kept, then ends the flight, unless its error is for the leader alone.
    fn land<Req, Res, E>(&self, lead: Lead<K, V>, result: &Result<Res, E>)
    where
        P: Policy<Req, Res, E, Key = K, Value = V, Context = C>,
    {
        let policy = &*self.policy;
        let res = match result {
            Ok(res) => res,
            Err(err) => {
                // Without a value the lead is dropped, and passes on.
                let context = self.context.as_ref();
                if let Some(value) = context.and_then(|c| policy.share_error(c, err)) {
                    lead.land().waiting.tell(Some(&value));
                }
                return;
            }
        };
        let keep = self.context.as_ref().and_then(|c| policy.keep(c, res));
        let keep = keep.filter(|keep| !keep.ttl().is_zero() && lead.claim());
        let mut value = None;
        if let Some(keep) = keep {
            value = policy.share(res);
            if let Some(value) = value.clone() {
                self.cache.insert(lead.key().clone(), value, keep);
            }
        }
        let key = value.is_some().then(|| lead.key().clone());
        let landed = lead.land();
        if let Some(key) = key.filter(|_| !landed.keepable) {
            // Invalidated, or overtaken by a later call, between the claim and now.
            self.cache.remove(&key);
        }
        if !landed.waiting.is_empty() {
            let value = value.or_else(|| policy.share(res));
            landed.waiting.tell(value.as_ref());
        }
    }
}
