use super::call::{Call, Next};
use crate::{error::Error, operation::Operation, request::Request, timer::Timer};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::time::Instant;
use tower_service::Service;

pin_project! {
    /// The future of an [`InRegion`](super::InRegion).
    pub struct InRegionFuture<S, I>
    where
        S: Service<Request<I>>,
    {
        #[pin]
        stage: Stage<S::Future>,
        // Absent where there is nothing to choose.
        choosing: Option<Choosing<S, I>>,
        // Where the call is sent, as far as an error tells it that does not know.
        region: Option<Arc<str>>,
        // Set only while the call waits.
        #[pin]
        look: Timer,
    }
}

/// A call that may go on elsewhere, and what it is made by.
struct Choosing<S, I> {
    inner: S,
    call: Call<I>,
}

pin_project! {
    #[project = StageProj]
    enum Stage<F> {
        // The inner service is ready.
        Begins,
        Readying,
        Called { #[pin] future: F },
        Refused { error: Option<Error> },
        Done,
    }
}

impl<S, I> InRegionFuture<S, I>
where
    S: Service<Request<I>>,
{
    /// A call that goes where it goes.
    pub(super) fn called(future: S::Future, region: Option<Arc<str>>) -> Self {
        Self {
            stage: Stage::Called { future },
            choosing: None,
            region,
            look: Timer::default(),
        }
    }

    pub(super) fn refused(error: Error) -> Self {
        Self {
            stage: Stage::Refused { error: Some(error) },
            choosing: None,
            region: None,
            look: Timer::default(),
        }
    }

    /// A call that chooses its Region, by an inner service that is ready.
    pub(super) fn choosing(inner: S, call: Call<I>) -> Self {
        Self {
            stage: Stage::Begins,
            choosing: Some(Choosing { inner, call }),
            region: None,
            look: Timer::default(),
        }
    }
}

impl<S, I> Future for InRegionFuture<S, I>
where
    S: Service<Request<I>, Response = I::Response, Error = Error>,
    I: Operation,
{
    type Output = Result<I::Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut result = loop {
            let result = match this.stage.as_mut().project() {
                StageProj::Begins => {
                    let Choosing { inner, call } = this.choosing.as_mut().expect(CHOOSES);
                    call.begin(Instant::now());
                    let future = inner.call(call.request());
                    this.stage.set(Stage::Called { future });
                    continue;
                }
                StageProj::Readying => {
                    let Choosing { inner, call } = this.choosing.as_mut().expect(CHOOSES);
                    match ready!(inner.poll_ready(cx)) {
                        Ok(()) => {
                            let future = inner.call(call.request());
                            this.stage.set(Stage::Called { future });
                            continue;
                        }
                        Err(error) => break Err(error),
                    }
                }
                StageProj::Called { future } => future.poll(cx),
                StageProj::Refused { error } => {
                    break Err(error.take().expect("it is refused once"));
                }
                StageProj::Done => panic!("polled after it was ready"),
            };
            let Some(Choosing { call, .. }) = this.choosing else {
                break ready!(result);
            };
            match result {
                Poll::Pending => match call.looks_around(Instant::now()) {
                    // It gives its place back before it takes another one.
                    Next::Moves => this.stage.set(Stage::Readying),
                    Next::LooksAt(at) => ready!(this.look.as_mut().poll_until(at, cx)),
                    Next::Stays => return Poll::Pending,
                },
                Poll::Ready(Ok(mut response)) => {
                    call.answered(&mut response, Instant::now());
                    break Ok(response);
                }
                Poll::Ready(Err(mut error)) => {
                    if error.region().is_none() {
                        error.set_region(Arc::clone(call.region()));
                    }
                    this.stage.set(Stage::Readying);
                    if let Err(error) = call.failed(error, Instant::now()) {
                        break Err(error);
                    }
                }
            }
        };
        // Before the result is out: whoever has it may rely on the call being over.
        this.stage.set(Stage::Done);
        *this.choosing = None;
        if let (Err(error), Some(region)) = (&mut result, this.region.take())
            && error.region().is_none()
        {
            error.set_region(region);
        }
        Poll::Ready(result)
    }
}

const CHOOSES: &str = "only a call that chooses begins";

impl<S, I> fmt::Debug for InRegionFuture<S, I>
where
    S: Service<Request<I>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Begins => "begins",
            Stage::Readying => "readying",
            Stage::Called { .. } => "called",
            Stage::Refused { .. } => "refused",
            Stage::Done => "done",
        };
        f.debug_struct("InRegionFuture")
            .field("stage", &stage)
            .finish_non_exhaustive()
    }
}
