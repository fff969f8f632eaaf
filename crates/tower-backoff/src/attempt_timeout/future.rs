use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use super::AttemptTimeout;
use crate::waits::poll_timer;

pin_project! {
    /// Resolves to the inner result, or to [`AttemptTimeout`].
    ///
    /// # Cancellation
    ///
    /// The inner future is dropped as soon as there is a result, the time-out included.
    pub struct ResponseFuture<F> {
        // Absent once there is a result.
        #[pin]
        inner: Option<F>,
        #[pin]
        timer: Option<Sleep>,
        limit: Duration,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, limit: Option<Duration>) -> Self {
        Self {
            inner: Some(inner),
            timer: limit.map(sleep),
            limit: limit.unwrap_or(Duration::MAX),
        }
    }
}

impl<F, Res, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Res, E>>,
    E: From<AttemptTimeout>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let inner = this.inner.as_mut().as_pin_mut();
        // The answer first: one that is there at the limit is in time.
        let result = match inner.expect("polled after it was done").poll(cx) {
            Poll::Ready(result) => result,
            Poll::Pending => {
                let timer = this.timer.as_mut().as_pin_mut();
                if timer.is_none_or(|timer| poll_timer(timer, cx).is_pending()) {
                    return Poll::Pending;
                }
                Err(AttemptTimeout::new(*this.limit).into())
            }
        };
        // Before the result is out: whoever has it may rely on the attempt being over.
        this.inner.set(None);
        Poll::Ready(result)
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
