use super::watch::{Scope, Watch};
use crate::{error::Error, operation::Operation, response::Reply};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
};

pin_project! {
    /// The future of a [`Telemetry`](super::Telemetry).
    pub struct TelemetryFuture<F, I> {
        // Absent once there is a result.
        #[pin]
        inner: Option<F>,
        // Behind what it watches, which ends before it.
        watch: Option<Watch>,
        operation: PhantomData<fn() -> I>,
    }

    impl<F, I> PinnedDrop for TelemetryFuture<F, I> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(watch) = this.watch {
                watch.inside(|| this.inner.set(None));
            }
        }
    }
}

impl<F, I> TelemetryFuture<F, I> {
    pub(super) const fn new(inner: F, watch: Watch) -> Self {
        Self {
            inner: Some(inner),
            watch: Some(watch),
            operation: PhantomData,
        }
    }
}

impl<F, I> Future for TelemetryFuture<F, I>
where
    F: Future<Output = Result<I::Response, Error>>,
    I: Operation,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let (Some(inner), Some(watch)) = (this.inner.as_mut().as_pin_mut(), &this.watch) else {
            panic!("polled after it was ready");
        };
        let mut result = ready!(watch.inside(|| inner.poll(cx)));
        // Before the result is out: whoever has it may rely on the call being over.
        watch.inside(|| this.inner.set(None));
        if let Some(watch) = this.watch.take() {
            end::<I>(watch, &mut result);
        }
        Poll::Ready(result)
    }
}

/// Tells the end, which is yet to come where the answer goes on.
fn end<I: Operation>(watch: Watch, result: &mut Result<I::Response, Error>) {
    match result {
        Err(error) => watch.failed(error),
        Ok(response) => match (watch.scope(), response.ends()) {
            (Scope::Attempt, Some(ends)) => ends.watch(watch),
            (Scope::Attempt, None) => watch.answered::<I>(response),
            (Scope::Call, _) => {
                if let Some(watch) = response.watch(watch) {
                    watch.answered::<I>(response);
                }
            }
        },
    }
}

impl<F, I> fmt::Debug for TelemetryFuture<F, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TelemetryFuture").finish_non_exhaustive()
    }
}
