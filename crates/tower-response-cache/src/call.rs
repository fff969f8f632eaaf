use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

pin_project! {
    /// One call to a service: waits until it is ready, then calls that very instance.
    #[project = CallProj]
    pub(crate) enum Call<S, Req, F> {
        Waiting { inner: S, req: Option<Req> },
        Called { #[pin] future: F },
    }
}

impl<S, Req> Call<S, Req, S::Future>
where
    S: Service<Req>,
{
    pub(crate) fn new(inner: S, req: Req) -> Self {
        Self::Waiting {
            inner,
            req: Some(req),
        }
    }

    /// `called` runs when the service is called.
    pub(crate) fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        called: impl FnOnce(),
    ) -> Poll<Result<S::Response, S::Error>> {
        if let CallProj::Waiting { inner, req } = self.as_mut().project() {
            ready!(inner.poll_ready(cx))?;
            let req = req.take().expect("polled after completion");
            called();
            let future = inner.call(req);
            self.set(Self::Called { future });
        }
        match self.project() {
            CallProj::Called { future } => future.poll(cx),
            CallProj::Waiting { .. } => unreachable!("set above"),
        }
    }
}
