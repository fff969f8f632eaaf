use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use tower_service::Service;

use crate::{
    classify::Classify,
    future::{ResponseFuture, Spare},
    limits::Limits,
    policy::Policy,
    replay::{Replay, ReplayClone},
};

/// Sends requests again while their results are worth it. Made by
/// [`BackoffLayer`](crate::BackoffLayer).
///
/// # Clone
///
/// Clones share the budget and the counts. The inner service is cloned for every call that may be
/// retried; wrap one that is not `Clone` in tower's `Buffer`.
///
/// # Errors
///
/// Those of the inner service, of its calls and of its readiness. This layer adds none.
pub struct Retry<S, C, R = ReplayClone> {
    inner: S,
    policy: Arc<Policy<C, R>>,
}

impl<S, C, R> Retry<S, C, R> {
    pub(crate) fn new(inner: S, policy: Arc<Policy<C, R>>) -> Self {
        Self { inner, policy }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Gives the inner service back.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, C, R, Req> Service<Req> for Retry<S, C, R>
where
    S: Service<Req> + Clone,
    C: Classify<S::Response, S::Error>,
    R: Replay<Req>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, C, R, Req>;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, request: Req) -> Self::Future {
        let policy = &*self.policy;
        let settings = &policy.settings;
        let (limits, may_retry) = Limits::begin(
            settings.max_attempts,
            settings.deadline,
            policy.replay.overrides(&request),
        );
        policy.state.called(limits.weight);
        let again = if may_retry && !policy.state.never_pays() {
            policy.replay.replay(&request)
        } else {
            None
        };
        let first = self.inner.call(request);
        // The clone is made after the call, of a service that no longer holds its readiness.
        let spare = again.map(|request| Spare::new(self.inner.clone(), request));
        ResponseFuture::new(first, spare, Arc::clone(&self.policy), limits)
    }
}

impl<S: Clone, C, R> Clone for Retry<S, C, R> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            policy: Arc::clone(&self.policy),
        }
    }
}

impl<S: fmt::Debug, C, R> fmt::Debug for Retry<S, C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("inner", &self.inner)
            .field("settings", &self.policy.settings)
            .finish_non_exhaustive()
    }
}
