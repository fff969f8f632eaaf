//! Ends a call at its request's own deadline, wherever it waits.

use crate::{
    error::Error, operation::Operation, request::Request, response::Reply, timer::poll_timer,
};
use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::{Duration, Instant, Sleep, sleep_until};
use tower_layer::Layer;
use tower_service::Service;

/// Puts a [`Deadline`] around services.
///
/// [`Bedrock`](crate::Bedrock) keeps the deadline of a call that it makes. This layer, outermost,
/// keeps it for calls that wait elsewhere: for another caller's answer, or for readiness. With
/// [`Request::whole_stream`] a stream from a cache, which another caller's call began, ends at it too.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeadlineLayer {
    max_wait: Option<Duration>,
}

impl DeadlineLayer {
    /// A layer that keeps the requests' own deadlines.
    #[must_use]
    pub const fn new() -> Self {
        Self { max_wait: None }
    }

    /// Sets the [`max_wait`](Request::max_wait) of requests that set none. It counts from when this layer
    /// is called, and the layers inside keep it. Default: none.
    #[must_use]
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = Some(wait);
        self
    }
}

/// Ends a call at its [request's deadline](Request::deadline), and makes none past it. Requests
/// without one go through as they are.
///
/// # Panics
///
/// A call with a deadline needs a tokio runtime with its timer around it, and panics without one.
#[derive(Debug, Clone)]
pub struct Deadline<S> {
    inner: S,
    max_wait: Option<Duration>,
}

impl<S> Deadline<S> {
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

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        let max_wait = self.max_wait;
        Deadline { inner, max_wait }
    }
}

impl<S, I> Service<Request<I>> for Deadline<S>
where
    S: Service<Request<I>, Response = I::Response, Error = Error>,
    I: Operation,
{
    type Response = S::Response;
    type Error = Error;
    type Future = DeadlineFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<I>) -> Self::Future {
        if let Some(wait) = self.max_wait {
            request.wait_at_most(wait);
        }
        let deadline = request.options().deadline();
        let whole_stream = request.options().whole_stream();
        // Past it the inner service is not even called: nothing is reserved or sent.
        let in_time = deadline.is_none_or(|deadline| Instant::now() < deadline);
        DeadlineFuture {
            inner: in_time.then(|| self.inner.call(request)),
            deadline: deadline.map(sleep_until),
            of_stream: deadline.filter(|_| whole_stream),
            operation: I::NAME,
        }
    }
}

pin_project! {
    /// The future of a [`Deadline`].
    #[derive(Debug)]
    pub struct DeadlineFuture<F> {
        // Absent if the deadline had passed before the call, and once there is a result.
        #[pin]
        inner: Option<F>,
        #[pin]
        deadline: Option<Sleep>,
        // Where the answer's stream has to end, if anywhere.
        of_stream: Option<Instant>,
        operation: &'static str,
    }
}

impl<F, Res> Future for DeadlineFuture<F>
where
    F: Future<Output = Result<Res, Error>>,
    Res: Reply,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // The answer first: one that is there at the deadline is in time.
        let answer = this.inner.as_mut().as_pin_mut().map(|inner| inner.poll(cx));
        let result = match answer {
            Some(Poll::Ready(mut result)) => {
                if let (Ok(response), Some(deadline)) = (&mut result, *this.of_stream) {
                    response.end_by(deadline);
                }
                result
            }
            Some(Poll::Pending) | None => {
                let deadline = this.deadline.as_mut().as_pin_mut();
                if deadline.is_none_or(|timer| poll_timer(timer, cx).is_pending()) {
                    return Poll::Pending;
                }
                Err(if this.inner.is_some() {
                    Error::deadline(this.operation)
                } else {
                    Error::late(this.operation)
                })
            }
        };
        // Before the result is out: whoever has it may rely on the call being over.
        this.inner.set(None);
        Poll::Ready(result)
    }
}
