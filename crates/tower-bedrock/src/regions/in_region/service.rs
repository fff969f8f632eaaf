use super::{call::Call, future::InRegionFuture};
use crate::{
    error::{Error, ErrorKind},
    operation::Operation,
    regions::{Choosing, service::not_listed, set::Set},
    request::Request,
};
use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};
use tower_service::Service;

/// Sends each attempt of a call to one of the [`Regions`](crate::Regions), and to another one if that
/// fails or there is an earlier turn.
///
/// It chooses when the response future is polled first. With one Region, and nothing said of models, it does
/// nothing.
///
/// # Clone
///
/// Clones, and all services of one layer value, share what is known of the Regions.
///
/// # Cancellation
///
/// Dropping the response future drops the attempt, wherever it waits.
///
/// # Errors
///
/// Those of the inner service: of several attempts the one that tells most of what to do next. And
/// [`Invalid`](crate::ErrorKind) for a request that is to go to a Region which is not listed, or whose model may go
/// to none of those.
#[derive(Clone)]
pub struct InRegion<S> {
    inner: S,
    choosing: Arc<Choosing>,
}

impl<S> InRegion<S> {
    pub(crate) const fn new(inner: S, choosing: Arc<Choosing>) -> Self {
        Self { inner, choosing }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Gives the inner service back.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, I> Service<Request<I>> for InRegion<S>
where
    S: Service<Request<I>, Response = I::Response, Error = Error> + Clone,
    I: Operation,
{
    type Response = I::Response;
    type Error = Error;
    type Future = InRegionFuture<S, I>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let settings = &self.choosing.settings;
        if settings.is_plain() && request.options().region().is_none() {
            return InRegionFuture::called(self.inner.call(request), None);
        }
        let pinned = match pinned(&request).map(|region| (region, settings.place(region))) {
            None => None,
            Some((_, Some(place))) => Some(place),
            Some((region, None)) => {
                let names = settings.names.iter().map(|name| &**name);
                return InRegionFuture::refused(not_listed(region, names));
            }
        };
        let options = request.options();
        let route = request
            .model_id()
            .map(|id| self.choosing.route(id, options.stands_for()));
        let Some(route) = route else {
            // What is asked for is of one Region: a job, a guardrail.
            return self.goes_to(pinned.unwrap_or_default(), request);
        };
        let may_go = route.models[0].regions;
        let only = pinned.map(Set::one);
        if may_go.is_empty() && pinned.is_none() {
            return InRegionFuture::refused(self.nowhere(&request));
        }
        // Whoever names a Region where the model is not known to be goes there all the same.
        if !I::DRAWS_TOKENS || only.is_some_and(|only| may_go.and(only).is_empty()) {
            let place = pinned.or_else(|| may_go.iter().next());
            return self.goes_to(place.unwrap_or_default(), request);
        }
        // The one that was polled ready goes with the request.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let call = Call::new(Arc::clone(&self.choosing), request, route, only);
        InRegionFuture::choosing(inner, call)
    }
}

impl<S> InRegion<S> {
    /// Without a choice.
    fn goes_to<I>(&mut self, place: usize, mut request: Request<I>) -> InRegionFuture<S, I>
    where
        S: Service<Request<I>, Response = I::Response, Error = Error>,
        I: Operation,
    {
        let region = Arc::clone(&self.choosing.settings.names[place]);
        request.send_to(Arc::clone(&region));
        if let Some(attempts) = &request.options().attempts {
            attempts.goes_to(&region);
        }
        InRegionFuture::called(self.inner.call(request), Some(region))
    }

    fn nowhere<I: Operation>(&self, request: &Request<I>) -> Error {
        let text = format!(
            "{} may go to none of the Regions that are listed, {}: list one of its geography, or say by \
             `Regions::model_in` what it is called in one of them",
            request.model_id().unwrap_or_default(),
            self.choosing.settings.listed()
        );
        Error::refusal(ErrorKind::Invalid, text)
    }
}

/// Where the caller wants the request to go.
fn pinned<I>(request: &Request<I>) -> Option<&str> {
    let options = request.options();
    let customized = || {
        options
            .customized()
            .and_then(|customized| customized.region())
    };
    options.region().or_else(customized)
}

impl<S: fmt::Debug> fmt::Debug for InRegion<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InRegion")
            .field("inner", &self.inner)
            .field("settings", &self.choosing.settings)
            .finish_non_exhaustive()
    }
}
