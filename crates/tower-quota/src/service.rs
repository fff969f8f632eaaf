use std::task::{Context, Poll};

use tower_service::Service;

use crate::call::Ask;
use crate::cost::Cost;
use crate::error::Rejected;
use crate::future::ResponseFuture;
use crate::ledger::Ledger;
use crate::paced_call::PacedCall;

/// Lets calls through when their quota has room for them.
///
/// It is always ready. A call asks for admission in its response future, waits there for its
/// turn, and only then for the inner service's readiness: while it waits it holds nothing of what
/// is below. Nothing is reserved before the future is polled.
///
/// # Clone
///
/// Clones, and all services of one layer value, share the ledger.
///
/// # Cancellation
///
/// A call dropped while it waits gives its place back; one dropped before the inner service was
/// called is refunded; one dropped after that counts as what it reserved.
///
/// # Errors
///
/// Those of the inner service, and [`Rejected`] through `From`.
#[derive(Clone, Debug)]
pub struct Quota<S, C, L> {
    inner: S,
    pub(crate) cost: C,
    pub(crate) ledger: L,
}

impl<S, C, L> Quota<S, C, L> {
    pub(crate) fn new(inner: S, cost: C, ledger: L) -> Self {
        Self {
            inner,
            cost,
            ledger,
        }
    }

    /// The inner service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, to change it.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service alone.
    pub fn into_inner(self) -> S {
        self.inner
    }

    /// Asks for admission of a call that costs what `ask` says.
    pub(crate) fn begin<Req, K, X>(
        &self,
        request: Req,
        ask: Ask<K>,
        context: X,
    ) -> PacedCall<S, Req, C, L::Admit, X>
    where
        S: Service<Req> + Clone,
        C: Clone,
        L: Ledger<K>,
    {
        let admit = self.ledger.admit(ask);
        // The clone has not been polled ready, and will be, in the future. So a service that was made
        // ready and is never called holds nothing below.
        PacedCall::new(
            self.inner.clone(),
            request,
            admit,
            context,
            self.cost.clone(),
        )
    }
}

impl<S, C, L, Req> Service<Req> for Quota<S, C, L>
where
    S: Service<Req> + Clone,
    S::Error: From<Rejected>,
    C: Cost<Req, S::Response, S::Error> + Clone,
    L: Ledger<C::Key>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, Req, C, L::Admit, C::Context>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let (ask, context) = self.cost.ask(&request);
        ResponseFuture::new(self.begin(request, ask, context))
    }
}
