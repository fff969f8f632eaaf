use std::task::{Context, Poll, ready};
use std::{future::Future, pin::Pin};

use pin_project_lite::pin_project;
use tower_service::Service;

pin_project! {
    /// One call to a service: waits until it is ready, then calls that very instance.
    #[project = CallProj]
    pub(crate) enum Call<S, Req, F> {
        Waiting { parts: Option<(S, Req)> },
        Called { #[pin] future: F },
    }
}

impl<S, Req> Call<S, Req, S::Future>
where
    S: Service<Req>,
{
    pub(crate) fn new(inner: S, req: Req) -> Self {
        Self::Waiting {
            parts: Some((inner, req)),
        }
    }

    /// The service and the request, unless they were used.
    pub(crate) fn take(self: Pin<&mut Self>) -> Option<(S, Req)> {
        match self.project() {
            CallProj::Waiting { parts } => parts.take(),
            CallProj::Called { .. } => None,
        }
    }

    /// `called` runs when the service is called.
    pub(crate) fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        called: impl FnOnce(),
    ) -> Poll<Result<S::Response, S::Error>> {
        if let CallProj::Waiting { parts } = self.as_mut().project() {
            let (inner, _) = parts.as_mut().expect("polled after completion");
            if let Err(error) = ready!(inner.poll_ready(cx)) {
                *parts = None;
                return Poll::Ready(Err(error));
            }
            // This instance is the one that is ready, and may hold a permit for this call; the request
            // goes to it at once, so no clone can be called in its place.
            let (mut inner, req) = parts.take().expect("it was there");
            called();
            let future = inner.call(req);
            self.set(Self::Called { future });
        }
        let CallProj::Called { future } = self.as_mut().project() else {
            unreachable!("set above")
        };
        let result = ready!(future.poll(cx));
        // Before the result is out: whoever has it may rely on the call being over.
        self.set(Self::Waiting { parts: None });
        Poll::Ready(result)
    }
}
