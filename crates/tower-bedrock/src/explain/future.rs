use crate::{error::Error, request::Attempts};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

/// What an error is told of its call.
pub(super) struct Call {
    pub(super) operation: &'static str,
    pub(super) model_id: Option<Arc<str>>,
    pub(super) region: Arc<str>,
    pub(super) attempts: Arc<Attempts>,
}

impl Call {
    fn explain(&self, error: &mut Error) {
        // A call that several Regions were chosen for is of the last one.
        let chosen = self.attempts.region();
        let region = chosen.as_ref().unwrap_or(&self.region);
        error.set_call(self.operation, self.model_id.as_ref(), Some(region));
        self.attempts.explain(error);
    }
}

pin_project! {
    /// The future of an [`Explain`](super::Explain).
    pub struct ExplainFuture<F> {
        #[pin]
        inner: F,
        call: Call,
    }
}

impl<F> ExplainFuture<F> {
    pub(super) fn new(inner: F, call: Call) -> Self {
        Self { inner, call }
    }
}

impl<F, Res> Future for ExplainFuture<F>
where
    F: Future<Output = Result<Res, Error>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut result = ready!(this.inner.poll(cx));
        if let Err(error) = &mut result {
            this.call.explain(error);
        }
        Poll::Ready(result)
    }
}

impl<F> fmt::Debug for ExplainFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExplainFuture")
            .field("operation", &self.call.operation)
            .finish_non_exhaustive()
    }
}
