use crate::{error::Error, operation::Operation, request::Request, response::Reply};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tower_service::Service;

pin_project! {
    /// The future of [`Regions`](super::Regions).
    pub struct RegionsFuture<S, I>
    where
        S: Service<Request<I>>,
    {
        #[pin]
        stage: Stage<S, I, S::Future>,
        region: Option<Arc<str>>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<S, I, F> {
        Readying { service: S, request: Option<Request<I>> },
        Called { #[pin] future: F },
        Refused { error: Option<Error> },
        Done,
    }
}

impl<S, I> RegionsFuture<S, I>
where
    S: Service<Request<I>>,
{
    pub(super) const fn new(service: S, request: Request<I>, region: Arc<str>) -> Self {
        Self {
            stage: Stage::Readying {
                service,
                request: Some(request),
            },
            region: Some(region),
        }
    }

    pub(super) const fn refused(error: Error) -> Self {
        Self {
            stage: Stage::Refused { error: Some(error) },
            region: None,
        }
    }
}

impl<S, I> Future for RegionsFuture<S, I>
where
    S: Service<Request<I>, Response = I::Response, Error = Error>,
    I: Operation,
{
    type Output = Result<I::Response, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut result = loop {
            let future = match this.stage.as_mut().project() {
                StageProj::Readying { service, request } => match ready!(service.poll_ready(cx)) {
                    Ok(()) => {
                        let request = request.take().expect("a request is sent once");
                        service.call(request)
                    }
                    Err(error) => break Err(error),
                },
                StageProj::Called { future } => break ready!(future.poll(cx)),
                StageProj::Refused { error } => {
                    break Err(error.take().expect("it is refused once"));
                }
                StageProj::Done => panic!("polled after it was ready"),
            };
            this.stage.set(Stage::Called { future });
        };
        // Before the result is out: whoever has it may rely on the call being over.
        this.stage.set(Stage::Done);
        if let Some(region) = this.region.take() {
            name::<I>(&mut result, region);
        }
        Poll::Ready(result)
    }
}

/// Says where it was by the name that the list has for it.
fn name<I: Operation>(result: &mut Result<I::Response, Error>, region: Arc<str>) {
    match result {
        Ok(response) => response.meta_mut().origin.region = Some(region),
        Err(error) if error.region() != Some(&*region) => error.set_region(region),
        Err(_) => {}
    }
}

impl<S, I> fmt::Debug for RegionsFuture<S, I>
where
    S: Service<Request<I>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegionsFuture")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
