use std::task::{Context, Poll};
use std::{fmt, future::Future, pin::Pin};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{flight::Miss, policy::Policy, store::Store};

pin_project! {
    /// The future of a [`ResponseCache`].
    ///
    /// It leads or joins a flight from its first poll on. Others may wait for the one that leads,
    /// so poll it or drop it.
    ///
    /// # Cancellation
    ///
    /// Dropped while it leads a flight, it gives the call to the caller that has waited longest, who
    /// drives it on. With nobody left the call is dropped, or
    /// [finished in the background](crate::ResponseCacheLayer::finish_abandoned). Dropped while it
    /// waits, it leaves the flight.
    ///
    /// # Panics
    ///
    /// Panics if it is polled after it is done, or after it panicked.
    ///
    /// [`ResponseCache`]: crate::ResponseCache
    pub struct ResponseFuture<S, Req, P, St>
    where
        S: Service<Req>,
        P: Policy<Req, S::Response, S::Error>,
    {
        #[pin]
        state: State<S, Req, P, St>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, Req, P, St>
    where
        S: Service<Req>,
        P: Policy<Req, S::Response, S::Error>,
    {
        Hit { result: Option<Result<S::Response, S::Error>> },
        Miss { #[pin] miss: Miss<S, Req, P, St> },
    }
}

impl<S, Req, P, St> ResponseFuture<S, Req, P, St>
where
    S: Service<Req>,
    P: Policy<Req, S::Response, S::Error>,
{
    pub(crate) fn hit(result: Result<S::Response, S::Error>) -> Self {
        Self {
            state: State::Hit {
                result: Some(result),
            },
        }
    }

    pub(crate) fn miss(miss: Miss<S, Req, P, St>) -> Self {
        Self {
            state: State::Miss { miss },
        }
    }
}

impl<S, Req, P, St> Future for ResponseFuture<S, Req, P, St>
where
    S: Service<Req, Future: Send> + Send + 'static,
    Req: Send + 'static,
    P: Policy<Req, S::Response, S::Error>,
    St: Store<P::Key, P::Value>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Hit { result } => {
                Poll::Ready(result.take().expect("polled after completion"))
            }
            StateProj::Miss { miss } => miss.poll(cx),
        }
    }
}

impl<S, Req, P, St> fmt::Debug for ResponseFuture<S, Req, P, St>
where
    S: Service<Req>,
    P: Policy<Req, S::Response, S::Error>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
