use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::call::Settle;
use crate::cost::Cost;
use crate::error::Rejected;
use crate::ledger::Reservation;

pin_project! {
    /// One call: its admission, and its result.
    ///
    /// `A` is the future of the ledger's admission, `X` the context of the cost.
    pub(crate) struct PacedCall<S, Req, C, A, X>
    where
        S: Service<Req>,
    {
        #[pin]
        stage: Stage<S, Req, A, S::Future>,
        // After the stage: the inner future is gone before its reservation ends.
        reservation: Option<Reservation>,
        context: Option<X>,
        cost: C,
    }
}

pin_project! {
    #[project = StageProj]
    #[project_replace = StageOwned]
    enum Stage<S, Req, A, F> {
        /// Asks for admission, and then waits for the readiness of the very service that will be
        /// called.
        Waiting { #[pin] admit: Option<A>, inner: S, request: Req },
        Called { #[pin] future: F },
        Done,
    }
}

impl<S: Service<Req>, Req, C, A, X> PacedCall<S, Req, C, A, X> {
    pub(crate) fn new(inner: S, request: Req, admit: A, context: X, cost: C) -> Self {
        Self {
            stage: Stage::Waiting {
                admit: Some(admit),
                inner,
                request,
            },
            reservation: None,
            context: Some(context),
            cost,
        }
    }
}

impl<S, Req, C, A, X> Future for PacedCall<S, Req, C, A, X>
where
    S: Service<Req>,
    C: Cost<Req, S::Response, S::Error, Context = X>,
    A: Future<Output = Result<Reservation, Rejected>>,
{
    /// The rejection is apart from the results: each front makes of it what its callers understand.
    type Output = Result<Result<S::Response, S::Error>, Rejected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut result = loop {
            match this.stage.as_mut().project() {
                StageProj::Waiting {
                    mut admit, inner, ..
                } => {
                    if let Some(asking) = admit.as_mut().as_pin_mut() {
                        match ready!(asking.poll(cx)) {
                            Ok(reservation) => *this.reservation = Some(reservation),
                            Err(rejected) => {
                                this.stage.set(Stage::Done);
                                return Poll::Ready(Err(rejected));
                            }
                        }
                        admit.set(None);
                    }
                    // Only now, when it is admitted: a call that waits for quota must not hold what
                    // the inner service gives out by its readiness, such as a permit.
                    if let Err(error) = ready!(inner.poll_ready(cx)) {
                        this.stage.set(Stage::Done);
                        *this.reservation = None;
                        return Poll::Ready(Ok(Err(error)));
                    }
                }
                StageProj::Called { future } => break ready!(future.poll(cx)),
                StageProj::Done => {}
            }
            let StageOwned::Waiting {
                mut inner, request, ..
            } = this.stage.as_mut().project_replace(Stage::Done)
            else {
                panic!("polled after it was ready");
            };
            // Before the call, not after: should it panic the server may have charged it.
            if let Some(reservation) = this.reservation {
                reservation.sent();
            }
            let future = inner.call(request);
            this.stage.set(Stage::Called { future });
        };
        // The inner future goes first. What it holds is free when the next call is let go.
        this.stage.set(Stage::Done);
        if let (Some(reservation), Some(context)) = (this.reservation.take(), this.context.take()) {
            end(this.cost, context, &mut result, reservation);
        }
        Poll::Ready(Ok(result))
    }
}

/// Ends the reservation of a call that has its result.
fn end<Req, Res, E, C: Cost<Req, Res, E>>(
    cost: &C,
    context: C::Context,
    result: &mut Result<Res, E>,
    reservation: Reservation,
) {
    match cost.settle(&context, result) {
        Settle::Used(tokens) => reservation.settle(tokens),
        // Settled and not kept: the server let it in, which is evidence that the limits hold.
        Settle::Reserved => {
            let tokens = reservation.tokens();
            reservation.settle(tokens);
        }
        Settle::Refund => reservation.refund(),
        Settle::Later => cost.later(context, result, reservation),
        Settle::Throttled(throttle) => {
            let retry_after = reservation.throttled(throttle);
            if let Err(err) = result {
                cost.throttled(err, retry_after);
            }
        }
    }
}

impl<S: Service<Req>, Req, C, A, X> PacedCall<S, Req, C, A, X> {
    /// Where it stands, for the debug text of the fronts' futures.
    pub(crate) fn stage(&self) -> &'static str {
        match &self.stage {
            Stage::Waiting { admit: Some(_), .. } => "asking",
            Stage::Waiting { admit: None, .. } => "waiting",
            Stage::Called { .. } => "called",
            Stage::Done => "done",
        }
    }
}
