use crate::{error::Error, request::Request};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tower_service::Service;

pin_project! {
    /// The future of [`SendThrough::send_through`](super::SendThrough::send_through).
    #[must_use = "nothing is sent before it is polled"]
    pub struct SendThroughFuture<S, I>
    where
        S: Service<Request<I>>,
    {
        #[pin]
        stage: Stage<S, I, S::Future>,
    }
}

pin_project! {
    #[project = StageProj]
    #[project_replace = StageOwned]
    enum Stage<S, I, F> {
        /// Waits for the very service that will be called.
        Waiting { service: S, request: Request<I> },
        /// There is no request.
        Failed { error: Error },
        Called { #[pin] future: F },
        Done,
    }
}

impl<S: Service<Request<I>>, I> SendThroughFuture<S, I> {
    pub(super) fn new(service: S, request: Result<Request<I>, Error>) -> Self {
        let stage = match request {
            Ok(request) => Stage::Waiting { service, request },
            Err(error) => Stage::Failed { error },
        };
        Self { stage }
    }
}

impl<S, I> Future for SendThroughFuture<S, I>
where
    S: Service<Request<I>, Error: From<Error>>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut stage = self.project().stage;
        loop {
            match stage.as_mut().project() {
                StageProj::Waiting { service, .. } => {
                    if let Err(error) = ready!(service.poll_ready(cx)) {
                        stage.set(Stage::Done);
                        return Poll::Ready(Err(error));
                    }
                }
                StageProj::Called { future } => {
                    let result = ready!(future.poll(cx));
                    stage.set(Stage::Done);
                    return Poll::Ready(result);
                }
                StageProj::Failed { .. } | StageProj::Done => {}
            }
            match stage.as_mut().project_replace(Stage::Done) {
                StageOwned::Waiting {
                    mut service,
                    request,
                } => {
                    let future = service.call(request);
                    stage.set(Stage::Called { future });
                }
                StageOwned::Failed { error } => return Poll::Ready(Err(error.into())),
                _ => panic!("polled after it was ready"),
            }
        }
    }
}

impl<S: Service<Request<I>>, I> fmt::Debug for SendThroughFuture<S, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendThroughFuture").finish_non_exhaustive()
    }
}
