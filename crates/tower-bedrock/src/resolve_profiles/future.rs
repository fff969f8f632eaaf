use super::known::Known;
use crate::{operation::Operation, request::Request};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use tower_service::Service;

pin_project! {
    /// The future of a [`ResolveProfiles`](super::ResolveProfiles).
    pub struct ResolveProfilesFuture<I, S>
    where
        S: Service<Request<I>>,
    {
        #[pin]
        stage: Stage<S::Future>,
        // Taken when the inner service is called, so that it is called once.
        waiting: Option<Waiting<I, S>>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<F> {
        // A box, for it has no name. Only the first calls of an ARN have one.
        Waiting { answer: Pin<Box<dyn Future<Output = ()> + Send>> },
        Called { #[pin] future: F },
    }
}

/// The request that waits to know what it stands for.
struct Waiting<I, S> {
    inner: S,
    request: Request<I>,
    known: Arc<Known>,
}

impl<I, S: Service<Request<I>>> ResolveProfilesFuture<I, S> {
    pub(super) fn called(future: S::Future) -> Self {
        Self {
            stage: Stage::Called { future },
            waiting: None,
        }
    }

    pub(super) fn waiting(
        until: Instant,
        mut answered: watch::Receiver<()>,
        inner: S,
        request: Request<I>,
        known: Arc<Known>,
    ) -> Self {
        let answer = async move {
            // Nothing is ever sent: that the sender is gone is the news.
            let _ = timeout_at(until, answered.changed()).await;
        };
        Self {
            stage: Stage::Waiting {
                answer: Box::pin(answer),
            },
            waiting: Some(Waiting {
                inner,
                request,
                known,
            }),
        }
    }
}

impl<I, S> Future for ResolveProfilesFuture<I, S>
where
    I: Operation,
    S: Service<Request<I>>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.stage.as_mut().project() {
                StageProj::Waiting { answer } => ready!(answer.as_mut().poll(cx)),
                StageProj::Called { future } => return future.poll(cx),
            }
            let waiting = this.waiting.take().expect("a request goes on once");
            let Waiting {
                mut inner,
                mut request,
                known,
            } = waiting;
            let model = request.model_id().and_then(|id| known.answer(id));
            if let Some(model) = model {
                request = request.stands_for(model);
            }
            let future = inner.call(request);
            this.stage.set(Stage::Called { future });
        }
    }
}

impl<I, S: Service<Request<I>>> fmt::Debug for ResolveProfilesFuture<I, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Waiting { .. } => "waiting",
            Stage::Called { .. } => "called",
        };
        f.debug_struct("ResolveProfilesFuture")
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}
