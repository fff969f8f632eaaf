use super::{outlook::Outlook, service::not_listed, settings::Settings};
use crate::{error::Error, operation::Operation, request::Request};
use pin_project_lite::pin_project;
use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tower_service::Service;

/// Sends each attempt of a call to one of the [`Regions`](super::Regions).
///
/// # Clone
///
/// Clones, and all services of one layer value, share what is known of the Regions.
///
/// # Errors
///
/// Those of the inner service, and [`Invalid`](crate::ErrorKind) for a request that is to go to a Region
/// which is not listed.
#[derive(Clone)]
pub struct InRegion<S> {
    inner: S,
    choosing: Arc<Choosing>,
}

/// What the choices of one stack share.
pub(crate) struct Choosing {
    settings: Arc<Settings>,
    outlook: Box<dyn Outlook>,
}

impl Choosing {
    pub(crate) fn new(settings: Arc<Settings>, outlook: Box<dyn Outlook>) -> Self {
        Self { settings, outlook }
    }
}

impl<S> InRegion<S> {
    pub(crate) const fn new(inner: S, choosing: Arc<Choosing>) -> Self {
        Self { inner, choosing }
    }
}

impl<S, I> Service<Request<I>> for InRegion<S>
where
    S: Service<Request<I>, Response = I::Response, Error = Error> + Clone,
    I: Operation,
{
    type Response = I::Response;
    type Error = Error;
    type Future = InRegionFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<I>) -> Self::Future {
        let settings = &*self.choosing.settings;
        let region = match request.options().region() {
            None if settings.is_plain() => {
                return InRegionFuture::called(self.inner.call(request), None);
            }
            None => settings.first(),
            Some(region) => match settings.place(region) {
                Some(place) => &settings.names[place],
                None => {
                    let names = settings.names.iter().map(|name| &**name);
                    return InRegionFuture::refused(not_listed(region, names));
                }
            },
        };
        let region = Arc::clone(region);
        request.send_to(Arc::clone(&region));
        if let Some(attempts) = &request.options().attempts {
            attempts.goes_to(&region);
        }
        InRegionFuture::called(self.inner.call(request), Some(region))
    }
}

impl<S: fmt::Debug> fmt::Debug for InRegion<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InRegion")
            .field("inner", &self.inner)
            .field("settings", &self.choosing.settings)
            .finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of an [`InRegion`].
    pub struct InRegionFuture<F> {
        #[pin]
        stage: Stage<F>,
        region: Option<Arc<str>>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<F> {
        Called { #[pin] future: F },
        Refused { error: Option<Error> },
    }
}

impl<F> InRegionFuture<F> {
    const fn called(future: F, region: Option<Arc<str>>) -> Self {
        let stage = Stage::Called { future };
        Self { stage, region }
    }

    const fn refused(error: Error) -> Self {
        let stage = Stage::Refused { error: Some(error) };
        Self {
            stage,
            region: None,
        }
    }
}

impl<F, R> Future for InRegionFuture<F>
where
    F: Future<Output = Result<R, Error>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut result = match this.stage.project() {
            StageProj::Called { future } => ready!(future.poll(cx)),
            StageProj::Refused { error } => Err(error.take().expect("it is refused once")),
        };
        if let (Err(error), Some(region)) = (&mut result, this.region.take())
            && error.region().is_none()
        {
            error.set_region(region);
        }
        Poll::Ready(result)
    }
}

impl<F> fmt::Debug for InRegionFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InRegionFuture")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
