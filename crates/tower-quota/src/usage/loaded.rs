use std::cmp::Reverse;
use std::fmt;
use std::hash::Hash;
use std::task::{Context, Poll};

use tower::load::Load;
use tower_service::Service;

use super::handle::Handle;
use super::headroom::Headroom;

/// A service whose load is what its key has left: less is more [`Headroom`].
///
/// `tower::balance` then sends each call where there is more room, such as to another region with
/// a quota of its own. The load changes when a response future is polled, and not before: of many
/// calls made before the first of them is polled all see the same.
///
/// ```
/// # use tower::{BoxError, Layer, balance::p2c::Balance, discover::ServiceList, service_fn};
/// use tower_quota::{Ask, Limit, Loaded, QuotaLayer};
///
/// # type Request = &'static str;
/// let region = |name: &'static str, calls| {
///     let quota = QuotaLayer::new(Limit::calls_per_minute(calls), |_: &Request| Ask::new("model"));
///     let service = service_fn(move |_| async move { Ok::<_, BoxError>(name) });
///     Loaded::new(quota.layer(service), quota.handle(), "model")
/// };
/// let service = Balance::new(ServiceList::new([region("here", 60), region("there", 600)]));
/// # fn check<S: tower::Service<Request>>(_: S) {}
/// # check(service);
/// ```
#[derive(Clone, Debug)]
pub struct Loaded<S, K> {
    inner: S,
    handle: Handle<K>,
    key: K,
}

impl<S, K> Loaded<S, K> {
    /// `inner` calls under `key` of the layer that `handle` is of.
    pub fn new(inner: S, handle: Handle<K>, key: K) -> Self {
        Self { inner, handle, key }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service alone.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, K: Hash + Eq + Clone + fmt::Display> Load for Loaded<S, K> {
    type Metric = Reverse<Headroom>;

    fn load(&self) -> Reverse<Headroom> {
        Reverse(self.handle.headroom(&self.key))
    }
}

impl<S: Service<Req>, K, Req> Service<Req> for Loaded<S, K> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, req: Req) -> S::Future {
        self.inner.call(req)
    }
}
