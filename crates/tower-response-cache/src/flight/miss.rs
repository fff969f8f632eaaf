use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_service::Service;

use crate::{
    flight::cache::Cache,
    flight::call::Call,
    flight::callers::shared_table::{Joined, Key, Lead, Value, Wait, Waited},
    flight::flight::{Cause, Delivery, Done, Flight},
    policy::{CacheStatus, Policy},
    store::{Entry, Freshness, Store},
};

/// How a request that was no hit comes to its answer.
pub(crate) enum Way<K: Key, V: Value, R> {
    /// By the flight of its key, which it has yet to join or to start.
    Join(K),
    /// By a new flight of its key, which it has yet to start.
    Refresh(K),
    /// By a flight that another leads.
    Wait(Wait<K, V>),
    /// By a flight that it leads, which has yet to begin.
    Begin(Lead<K, V>, Cause),
    /// By a flight that it drives, begun by itself or by another.
    Drive(Lead<K, V>, CacheStatus),
    /// By a call of its own that nobody else waits for.
    Alone(CacheStatus),
    /// By the second level, or with what is to be said if that has nothing.
    Ask(Ask<V>, R),
    /// It has its answer, or panicked.
    Over,
}

/// The way to an answer of `S`.
pub(crate) type WayOf<S, Req, K, V> =
    Way<K, V, Result<<S as Service<Req>>::Response, <S as Service<Req>>::Error>>;

type Ask<V> = Pin<Box<dyn Future<Output = Option<Entry<V>>> + Send>>;

pin_project! {
    /// A request that was no hit, with an inner service of its own, for it may have to call it.
    pub(crate) struct Miss<S, Req, P, St>
    where
        S: Service<Req>,
        P: Policy<Req, S::Response, S::Error>,
    {
        way: WayOf<S, Req, P::Key, P::Value>,
        shared: Shared<P, P::Key, P::Value, St>,
        #[pin]
        call: Call<S, Req, S::Future>,
    }
}

/// What a miss needs besides its call: nothing of it is pinned.
pub(crate) struct Shared<P, K, V, St> {
    pub(crate) policy: Arc<P>,
    pub(crate) cache: Arc<Cache<K, V, St>>,
}

impl<S, Req, P, St> Miss<S, Req, P, St>
where
    S: Service<Req>,
    P: Policy<Req, S::Response, S::Error>,
{
    pub(crate) fn new(
        inner: S,
        req: Req,
        shared: Shared<P, P::Key, P::Value, St>,
        way: WayOf<S, Req, P::Key, P::Value>,
    ) -> Self {
        Self {
            way,
            shared,
            call: Call::new(inner, req),
        }
    }
}

impl<S, Req, P, St> Future for Miss<S, Req, P, St>
where
    S: Service<Req, Response: 'static, Error: 'static, Future: Send> + Send + 'static,
    Req: Send + 'static,
    P: Policy<Req, S::Response, S::Error>,
    St: Store<P::Key, P::Value>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (shared, mut call) = (this.shared, this.call);
        // A panic below drops the way: the lead passes on at once, whoever keeps this future.
        let mut way = mem::replace(this.way, Way::Over);
        loop {
            way = match way {
                Way::Join(key) => match shared.cache.flights().join(key) {
                    Joined::Wait(wait) => Way::Wait(wait),
                    Joined::Lead(lead) => match shared.answered_meanwhile(lead) {
                        Ok(result) => return Poll::Ready(result),
                        Err(lead) => Way::Begin(lead, Cause::Miss),
                    },
                },
                Way::Refresh(key) => Way::Begin(shared.cache.flights().start(key), Cause::Refresh),
                Way::Wait(mut wait) => match wait.poll(cx) {
                    Poll::Pending => {
                        *this.way = Way::Wait(wait);
                        return Poll::Pending;
                    }
                    Poll::Ready(Waited::Answered(value, status)) => {
                        match shared.restore(value, status) {
                            Some(result) => return Poll::Ready(result),
                            None => Way::Alone(CacheStatus::Miss),
                        }
                    }
                    Poll::Ready(Waited::Lead(lead)) if lead.has_work() => {
                        Way::Drive(lead, CacheStatus::Joined)
                    }
                    Poll::Ready(Waited::Lead(lead)) => Way::Begin(lead, Cause::Miss),
                    Poll::Ready(Waited::Alone) => Way::Alone(CacheStatus::Miss),
                },
                Way::Begin(lead, cause) => {
                    let (inner, req) = call.as_mut().take().expect("nothing was called yet");
                    let status = match cause {
                        Cause::Refresh => CacheStatus::Refreshed,
                        Cause::Miss | Cause::Revalidate => CacheStatus::Miss,
                    };
                    Way::Drive(shared.begin(lead, inner, req, cause), status)
                }
                Way::Drive(mut lead, status) => {
                    let mut done = None::<Done<P::Value, Self::Output>>;
                    if lead.poll(cx, &mut done).is_pending() {
                        *this.way = Way::Drive(lead, status);
                        return Poll::Pending;
                    }
                    match done {
                        Some(Done::Called(result)) => {
                            if status == CacheStatus::Joined {
                                shared.cache.count(status);
                            }
                            return Poll::Ready(shared.marked(result, status));
                        }
                        Some(Done::Restored(result)) => return Poll::Ready(result),
                        Some(Done::Stale(old, _)) if status == CacheStatus::Joined => {
                            match shared.restore(old, CacheStatus::Stale) {
                                Some(result) => return Poll::Ready(result),
                                None => Way::Alone(CacheStatus::Miss),
                            }
                        }
                        Some(Done::Stale(old, failed)) => {
                            return Poll::Ready(shared.stale_or(failed, old, status));
                        }
                        // The call was another's, who left; the next one may fare better.
                        Some(Done::Failed(_) | Done::Brought) if status == CacheStatus::Joined => {
                            Way::Join(lead.key().clone())
                        }
                        Some(Done::Failed(failed)) => return Poll::Ready(failed),
                        // It was begun by a request of another type.
                        Some(Done::Brought) | None => Way::Alone(CacheStatus::Miss),
                    }
                }
                Way::Alone(status) => {
                    let called = || shared.cache.count(status);
                    let Poll::Ready(result) = call.as_mut().poll(cx, called) else {
                        *this.way = Way::Alone(status);
                        return Poll::Pending;
                    };
                    return Poll::Ready(shared.marked(result, status));
                }
                Way::Ask(mut ask, absent) => {
                    let Poll::Ready(found) = ask.as_mut().poll(cx) else {
                        *this.way = Way::Ask(ask, absent);
                        return Poll::Pending;
                    };
                    let now = Instant::now();
                    let fresh = found.filter(|entry| entry.freshness(now) == Freshness::Fresh);
                    let hit = fresh.and_then(|e| shared.restore(e.into_value(), CacheStatus::Hit));
                    return Poll::Ready(hit.unwrap_or_else(|| shared.absent(absent)));
                }
                Way::Over => panic!("polled after completion"),
            }
        }
    }
}

impl<P, K: Key, V: Value, St: Store<K, V>> Shared<P, K, V, St> {
    /// Gives a flight its work.
    pub(crate) fn begin<S, Req>(
        &self,
        mut lead: Lead<K, V>,
        inner: S,
        req: Req,
        cause: Cause,
    ) -> Lead<K, V>
    where
        S: Service<Req, Response: 'static, Error: 'static, Future: Send> + Send + 'static,
        Req: Send + 'static,
        P: Policy<Req, S::Response, S::Error, Key = K, Value = V>,
    {
        let flight = Flight {
            context: self.policy.context(&req),
            inner,
            req,
            cause,
            policy: Arc::clone(&self.policy),
            delivery: Delivery {
                cache: Arc::clone(&self.cache),
                key: lead.key().clone(),
                flight: lead.flight(),
            },
        };
        lead.begin(Box::pin(flight.run()));
        lead
    }

    pub(crate) fn absent<Req, Res, E>(&self, result: Result<Res, E>) -> Result<Res, E>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        self.cache.count(CacheStatus::Absent);
        self.marked(result, CacheStatus::Absent)
    }

    fn marked<Req, Res, E>(&self, mut result: Result<Res, E>, status: CacheStatus) -> Result<Res, E>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        if let Ok(res) = &mut result {
            self.policy.mark(res, status);
        }
        result
    }

    fn restore<Req, Res, E>(&self, value: V, status: CacheStatus) -> Option<Result<Res, E>>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        let result = self.policy.restore(value, status)?;
        self.cache.count(status);
        Some(result)
    }

    /// The old answer for the one whose own call failed, unless it asked for a new one.
    fn stale_or<Req, Res, E>(
        &self,
        failed: Result<Res, E>,
        old: V,
        status: CacheStatus,
    ) -> Result<Res, E>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        if status == CacheStatus::Refreshed {
            return failed;
        }
        match self.policy.restore(old, CacheStatus::Stale) {
            Some(result) => {
                self.cache.count_stale();
                result
            }
            None => failed,
        }
    }

    /// Looks into the store once more: another flight may have landed since it was read.
    fn answered_meanwhile<Req, Res, E>(
        &self,
        lead: Lead<K, V>,
    ) -> Result<Result<Res, E>, Lead<K, V>>
    where
        P: Policy<Req, Res, E, Key = K, Value = V>,
    {
        let Some(value) = self.cache.get_fresh(lead.key()) else {
            return Err(lead);
        };
        let Some(result) = self.restore(value.clone(), CacheStatus::Hit) else {
            return Err(lead);
        };
        lead.land().waiters.tell(Some(&value), CacheStatus::Joined);
        Ok(result)
    }
}
