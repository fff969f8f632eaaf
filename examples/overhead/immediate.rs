use std::{
    future::{Ready, ready},
    task::{Context, Poll},
};

use tower::Service;
use tower_circuit_breaker::Open;
use tower_quota::Rejected;

/// The service below every layer: answers each request with itself, at once.
#[derive(Clone, Debug)]
pub(crate) struct Immediate;

/// Never made; as small as can be, so that moving results costs every implementation the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused;

impl From<Open> for Refused {
    fn from(_: Open) -> Self {
        Self
    }
}

impl From<Rejected> for Refused {
    fn from(_: Rejected) -> Self {
        Self
    }
}

impl Service<u64> for Immediate {
    type Response = u64;
    type Error = Refused;
    type Future = Ready<Result<u64, Refused>>;

    #[inline]
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn call(&mut self, request: u64) -> Self::Future {
        ready(Ok(request))
    }
}
