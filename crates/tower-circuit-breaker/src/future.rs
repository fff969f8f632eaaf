use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::classify::Classify;
use crate::error::Open;
use crate::permit::Permit;

pin_project! {
    /// Response future of [`CircuitBreaker`](crate::CircuitBreaker).
    pub struct ResponseFuture<S, Req, C>
    where
        S: Service<Req>,
    {
        #[pin]
        stage: Stage<S, Req, S::Future>,
        // After the stage: the inner future is gone before its place is given to another.
        permit: Option<Permit>,
        classify: C,
    }
}

pin_project! {
    #[project = StageProj]
    #[project_replace = StageOwned]
    enum Stage<S, Req, F> {
        Rejected { open: Open },
        /// Admitted, and waiting for the readiness of the very service that will be called.
        Waiting { inner: S, request: Req },
        Called { #[pin] future: F },
        Done,
    }
}

impl<S: Service<Req>, Req, C> ResponseFuture<S, Req, C> {
    #[inline]
    pub(crate) fn admitted(inner: S, request: Req, permit: Permit, classify: C) -> Self {
        Self {
            stage: Stage::Waiting { inner, request },
            permit: Some(permit),
            classify,
        }
    }

    pub(crate) fn rejected(open: Open, classify: C) -> Self {
        Self {
            stage: Stage::Rejected { open },
            permit: None,
            classify,
        }
    }
}

impl<S, Req, C> Future for ResponseFuture<S, Req, C>
where
    S: Service<Req>,
    S::Error: From<Open>,
    C: Classify<S::Response, S::Error>,
{
    type Output = Result<S::Response, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let result = loop {
            match this.stage.as_mut().project() {
                StageProj::Called { future } => break ready!(future.poll(cx)),
                StageProj::Waiting { inner, .. } => {
                    if let Err(error) = ready!(inner.poll_ready(cx)) {
                        break Err(error);
                    }
                    if let Some(Err(open)) = this.permit.as_mut().map(Permit::start) {
                        *this.permit = None;
                        this.stage.set(Stage::Rejected { open });
                    }
                }
                StageProj::Rejected { .. } | StageProj::Done => {}
            }
            match this.stage.as_mut().project_replace(Stage::Done) {
                StageOwned::Waiting { mut inner, request } => {
                    let future = inner.call(request);
                    this.stage.set(Stage::Called { future });
                }
                StageOwned::Rejected { open } => return Poll::Ready(Err(open.into())),
                StageOwned::Called { .. } | StageOwned::Done => {
                    panic!("polled after it was ready")
                }
            }
        };
        if let Some(mut permit) = this.permit.take() {
            permit.record(this.classify.classify(&result));
        }
        this.stage.set(Stage::Done);
        Poll::Ready(result)
    }
}

impl<S: Service<Req>, Req, C> fmt::Debug for ResponseFuture<S, Req, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Rejected { .. } => "rejected",
            Stage::Waiting { .. } => "waiting",
            Stage::Called { .. } => "called",
            Stage::Done => "done",
        };
        f.debug_struct("ResponseFuture")
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}
