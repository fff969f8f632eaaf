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
        stage: Stage<S, Req, S::Future, C>,
    }
}

pin_project! {
    #[project = StageProj]
    #[project_replace = StageOwned]
    enum Stage<S, Req, F, C> {
        Rejected { open: Open },
        /// Admitted, and waiting for the readiness of the very service that will be called.
        Waiting { inner: S, request: Req, permit: Permit, classify: C },
        Called { #[pin] future: F, permit: Permit, classify: C },
        Done,
    }
}

impl<S: Service<Req>, Req, C> ResponseFuture<S, Req, C> {
    pub(crate) fn admitted(inner: S, request: Req, permit: Permit, classify: C) -> Self {
        Self {
            stage: Stage::Waiting {
                inner,
                request,
                permit,
                classify,
            },
        }
    }

    pub(crate) fn rejected(open: Open) -> Self {
        Self {
            stage: Stage::Rejected { open },
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

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.project().stage;
        loop {
            let result = match stage.as_mut().project() {
                StageProj::Called {
                    future,
                    permit,
                    classify,
                } => {
                    let result = ready!(future.poll(cx));
                    permit.record(classify.classify(&result));
                    result
                }
                StageProj::Waiting {
                    inner,
                    permit,
                    classify,
                    ..
                } => match ready!(inner.poll_ready(cx)) {
                    Ok(()) => match permit.start() {
                        Ok(()) => {
                            call(stage.as_mut());
                            continue;
                        }
                        Err(open) => Err(open.into()),
                    },
                    Err(error) => {
                        let result = Err(error);
                        permit.record(classify.classify(&result));
                        result
                    }
                },
                StageProj::Rejected { .. } => match stage.as_mut().project_replace(Stage::Done) {
                    StageOwned::Rejected { open } => Err(open.into()),
                    _ => unreachable!("the stage was just seen"),
                },
                StageProj::Done => panic!("polled after it was ready"),
            };
            stage.set(Stage::Done);
            return Poll::Ready(result);
        }
    }
}

/// Makes the call of a waiting stage.
fn call<S, Req, C>(mut stage: Pin<&mut Stage<S, Req, S::Future, C>>)
where
    S: Service<Req>,
{
    if let StageOwned::Waiting {
        mut inner,
        request,
        permit,
        classify,
    } = stage.as_mut().project_replace(Stage::Done)
    {
        stage.set(Stage::Called {
            future: inner.call(request),
            permit,
            classify,
        });
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
