use super::{Regions, RegionsFuture};
use crate::{
    error::{Error, ErrorKind},
    operation::Operation,
    request::Request,
};
use std::{
    sync::Arc,
    task::{Context, Poll},
};
use tower_service::Service;

/// The Region's service is made ready in the future, for no one knows which one it is before.
impl<S, I> Service<Request<I>> for Regions<S>
where
    S: Service<Request<I>, Response = I::Response, Error = Error> + Clone,
    I: Operation,
{
    type Response = I::Response;
    type Error = Error;
    type Future = RegionsFuture<S, I>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<I>) -> Self::Future {
        let found = match request.options().region() {
            None => self.services.first(),
            Some(region) => self.services.iter().find(|(name, _)| **name == *region),
        };
        match found {
            Some((name, service)) => {
                // The name is this list's. Whoever is behind it has one Region, and knows it.
                request.go_anywhere();
                RegionsFuture::new(service.clone(), request, Arc::clone(name))
            }
            None => RegionsFuture::refused(not_listed(
                request.options().region().unwrap_or_default(),
                self.names(),
            )),
        }
    }
}

/// A request wants to go where nobody sends it.
pub(super) fn not_listed<'a>(region: &str, names: impl Iterator<Item = &'a str>) -> Error {
    let names = names.collect::<Vec<_>>().join(", ");
    let text = format!("the request is to be sent to {region}, which is not listed: {names}");
    Error::refusal(ErrorKind::Invalid, text)
}
