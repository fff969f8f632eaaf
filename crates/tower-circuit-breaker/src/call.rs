use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::classify::{Classify, Verdict};
use crate::error::Open;
use crate::shared::Permit;

pin_project! {
    /// One call: what the circuit says of it, and its result if it is let through.
    pub(crate) struct Call<S, Req, C>
    where
        S: Service<Req>,
    {
        #[pin]
        stage: Stage<S, Req, S::Future>,
        // After the stage: the inner future is dropped before another call gets its place.
        decision: Decision,
        classify: C,
    }
}

pin_project! {
    #[project = StageProj]
    #[project_replace = StageOwned]
    enum Stage<S, Req, F> {
        /// Admitted, and waiting for the readiness of the very service that will be called.
        Waiting { inner: S, request: Req },
        Called { #[pin] future: F },
        Done,
    }
}

/// What the circuit said.
enum Decision {
    Permit(Permit),
    Rejected(Open),
    /// The result is out.
    Over,
}

impl<S: Service<Req>, Req, C> Call<S, Req, C> {
    #[inline]
    pub(crate) fn admitted(inner: S, request: Req, permit: Permit, classify: C) -> Self {
        Self {
            stage: Stage::Waiting { inner, request },
            decision: Decision::Permit(permit),
            classify,
        }
    }

    #[cold]
    pub(crate) fn rejected(open: Open, classify: C) -> Self {
        Self {
            stage: Stage::Done,
            decision: Decision::Rejected(open),
            classify,
        }
    }
}

impl<S, Req, C> Future for Call<S, Req, C>
where
    S: Service<Req>,
    C: Classify<S::Response, S::Error>,
{
    /// The rejection is apart from the results: each front makes of it what its callers understand.
    type Output = Result<Answer<S, Req>, Open>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.as_mut().project();
        if let StageProj::Waiting { inner, .. } = this.stage.as_mut().project() {
            if let Err(error) = ready!(inner.poll_ready(cx)) {
                return Poll::Ready(Ok(self.finish(Err(error))));
            }
            // After readiness, for which the call may have waited long: the circuit may be open now.
            if let Decision::Permit(permit) = this.decision {
                if let Err(open) = permit.start() {
                    *this.decision = Decision::Rejected(open);
                    this.stage.set(Stage::Done);
                    return Poll::Ready(Err(self.reject()));
                }
            }
            // The service that is called is the one that was ready, not a clone of it.
            if let StageOwned::Waiting { mut inner, request } =
                this.stage.as_mut().project_replace(Stage::Done)
            {
                let future = inner.call(request);
                this.stage.set(Stage::Called { future });
            }
        }
        let StageProj::Called { future } = this.stage.as_mut().project() else {
            return Poll::Ready(Err(self.reject()));
        };
        let result = ready!(future.poll(cx));
        Poll::Ready(Ok(self.finish(result)))
    }
}

impl<S, Req, C> Call<S, Req, C>
where
    S: Service<Req>,
    C: Classify<S::Response, S::Error>,
{
    #[inline]
    fn finish(self: Pin<&mut Self>, mut result: Answer<S, Req>) -> Answer<S, Req> {
        let mut this = self.project();
        // Before the result is recorded: when another call is let through, this one is gone.
        this.stage.set(Stage::Done);
        // An error of readiness comes here too: the classifier says whether it counts.
        if let Decision::Permit(permit) = this.decision {
            match this.classify.classify(&result) {
                Verdict::Later => this.classify.later(&mut result, permit.begin()),
                verdict => permit.record(verdict),
            }
        }
        *this.decision = Decision::Over;
        result
    }

    #[cold]
    fn reject(self: Pin<&mut Self>) -> Open {
        match mem::replace(self.project().decision, Decision::Over) {
            Decision::Rejected(open) => open,
            Decision::Permit(_) | Decision::Over => panic!("polled after it was ready"),
        }
    }
}

pub(crate) type Answer<S, Req> = Result<<S as Service<Req>>::Response, <S as Service<Req>>::Error>;

impl<S: Service<Req>, Req, C> Call<S, Req, C> {
    /// Where it stands, for the debug text of the fronts' futures.
    pub(crate) fn stage(&self) -> &'static str {
        match &self.stage {
            Stage::Waiting { .. } => "waiting",
            Stage::Called { .. } => "called",
            Stage::Done if matches!(self.decision, Decision::Rejected(_)) => "rejected",
            Stage::Done => "done",
        }
    }
}
