use std::{
    fmt,
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
};

use tower_service::Service;

use crate::{
    classify::{MakeClassifier, SharedClassifier},
    future::{ResponseFuture, Spare},
    policy::Policy,
    request::{Limits, Replay, ReplayClone},
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
///
/// # Panics
///
/// A call that waits needs a tokio runtime with its timer around it, and panics without one.
pub struct Retry<S, C, R = ReplayClone, By = SharedClassifier> {
    inner: S,
    classify: C,
    policy: Arc<Policy<R>>,
    by: PhantomData<fn() -> By>,
}

impl<S, C, R, By> Retry<S, C, R, By> {
    pub(crate) fn new(inner: S, classify: C, policy: Arc<Policy<R>>) -> Self {
        Self {
            inner,
            classify,
            policy,
            by: PhantomData,
        }
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

impl<S, C, R, By, Req> Service<Req> for Retry<S, C, R, By>
where
    S: Service<Req> + Clone,
    C: MakeClassifier<Req, S::Response, S::Error, By>,
    R: Replay<Req>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, C::Classifier, R, Req>;

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
        let classify = self.classify.make_classifier(&request);
        let first = self.inner.call(request);
        // The clone is made after the call, of a service that no longer holds its readiness.
        let spare = again.map(|request| Spare::new(self.inner.clone(), request));
        ResponseFuture::new(first, classify, spare, Arc::clone(&self.policy), limits)
    }
}

impl<S: Clone, C: Clone, R, By> Clone for Retry<S, C, R, By> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            classify: self.classify.clone(),
            policy: Arc::clone(&self.policy),
            by: PhantomData,
        }
    }
}

impl<S: fmt::Debug, C, R, By> fmt::Debug for Retry<S, C, R, By> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("inner", &self.inner)
            .field("settings", &self.policy.settings)
            .finish_non_exhaustive()
    }
}
