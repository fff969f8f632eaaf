use super::{
    future::ResolveProfilesFuture,
    known::{Known, Look},
};
use crate::{operation::Operation, request::Request};
use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};
use tower_service::Service;

/// Says of requests which model their ARN [stands for](Request::stands_for), where that is known.
///
/// A request that says it itself goes on as it is, and so does one that names a model or a system
/// profile.
///
/// # Cancellation
///
/// A call may be dropped while it waits for an answer: others go on waiting for it.
#[derive(Debug, Clone)]
pub struct ResolveProfiles<S> {
    inner: S,
    known: Arc<Known>,
}

impl<S> ResolveProfiles<S> {
    pub(super) fn new(inner: S, known: Arc<Known>) -> Self {
        Self { inner, known }
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

impl<I, S> Service<Request<I>> for ResolveProfiles<S>
where
    I: Operation,
    S: Service<Request<I>> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResolveProfilesFuture<I, S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let look = match request.model_id() {
            Some(id) if request.options().stands_for().is_none() => self.known.look(id),
            _ => Look::Unknown,
        };
        match look {
            Look::Unknown => ResolveProfilesFuture::called(self.inner.call(request)),
            Look::StandsFor(model) => {
                ResolveProfilesFuture::called(self.inner.call(request.stands_for(model)))
            }
            Look::Wait(until, answered) => {
                // The one that was polled ready goes with the request.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                let known = Arc::clone(&self.known);
                ResolveProfilesFuture::waiting(until, answered, inner, request, known)
            }
        }
    }
}
