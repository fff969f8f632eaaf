use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_service::Service;

use super::{charge::Charge, retrying::Retrying, spare::Spare};
use crate::{
    classify::Classify,
    events::{GiveUpCause, RetryCause},
    policy::Policy,
    request::{Limits, Replay},
};

/// A call that never waits lets others run after so many steps, of which an attempt takes two.
const MAX_STEPS: u32 = 64;

pin_project! {
    /// Resolves to the result of the last attempt.
    ///
    /// # Cancellation
    ///
    /// May be dropped at any time. A retry that was paid for and has not begun goes back to the
    /// budget. While it sleeps the future holds the request and a clone of the inner service that
    /// has not been made ready, so no permit; also the last error, and under a deadline the last
    /// result. Once it is done it holds nothing of the inner service.
    ///
    /// # Panics
    ///
    /// If it has to wait and there is no tokio runtime with its timer around it.
    pub struct ResponseFuture<S, C, R, Req>
    where
        S: Service<Req>,
    {
        #[pin]
        state: State<S::Future>,
        spare: Option<Spare<S, Req>>,
        classify: C,
        policy: Arc<Policy<R>>,
        limits: Limits,
        attempts: u32,
        // Boxed at the first retry, timer and all, so that calls that need none stay small.
        retrying: Option<Pin<Box<Retrying<S::Response, S::Error>>>>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Called {
            #[pin]
            future: F,
        },
        Sleeping,
        // Waiting for readiness, until the deadline if there is one.
        Readying,
        Done,
    }
}

impl<S, C, R, Req> ResponseFuture<S, C, R, Req>
where
    S: Service<Req>,
    C: Classify<S::Response, S::Error>,
    R: Replay<Req>,
{
    pub(crate) fn new(
        first: S::Future,
        classify: C,
        spare: Option<Spare<S, Req>>,
        policy: Arc<Policy<R>>,
        limits: Limits,
    ) -> Self {
        Self {
            state: State::Called { future: first },
            spare,
            classify,
            policy,
            limits,
            attempts: 1,
            retrying: None,
        }
    }
}

impl<S, C, R, Req> Future for ResponseFuture<S, C, R, Req>
where
    S: Service<Req>,
    C: Classify<S::Response, S::Error>,
    R: Replay<Req>,
{
    type Output = Result<S::Response, S::Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut steps = 0;
        loop {
            let mut this = self.as_mut().project();
            let answer = match this.state.as_mut().project() {
                StateProj::Called { future } => {
                    let result = ready!(future.poll(cx));
                    let verdict = this.classify.classify(&result);
                    let Some((cause, hint)) = RetryCause::of(verdict) else {
                        this.policy.telemetry.attempted(None);
                        return Poll::Ready(self.finish(result, None));
                    };
                    self.as_mut().failed(cause, hint, result)
                }
                _ => ready!(self.as_mut().resume(cx)),
            };
            if let Some(answer) = answer {
                return Poll::Ready(answer);
            }
            steps += 1;
            if steps == MAX_STEPS {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }
}

/// The way of a call that is retried, kept out of the way of all others.
///
/// Where an answer is optional, `None` means that the call goes on in another state.
impl<S, C, R, Req> ResponseFuture<S, C, R, Req>
where
    S: Service<Req>,
    C: Classify<S::Response, S::Error>,
    R: Replay<Req>,
{
    /// An attempt ended with a result that is worth another one.
    #[cold]
    fn failed(
        mut self: Pin<&mut Self>,
        cause: RetryCause,
        hint: Option<Duration>,
        result: Result<S::Response, S::Error>,
    ) -> Option<<Self as Future>::Output> {
        match self.as_mut().plan(cause, hint) {
            Ok(wait) => {
                self.as_mut().rest(wait, result);
                // Last, for it runs what users gave: if that panics, the call is as it should be.
                self.policy.tell_retry(cause, self.attempts, wait);
                None
            }
            Err(why) => {
                let rejected = cause == RetryCause::Rejected;
                Some(self.give_up(why, result, rejected))
            }
        }
    }

    /// Decides whether there is another attempt, and pays for it.
    fn plan(
        self: Pin<&mut Self>,
        cause: RetryCause,
        hint: Option<Duration>,
    ) -> Result<Duration, GiveUpCause> {
        let this = self.project();
        let policy = &**this.policy;
        let state = &policy.state;
        let charge = || Charge::new(Arc::clone(state), this.limits.weight);
        policy.telemetry.attempted(Some(cause));
        // A retry that was refused has been paid for and not made: what it cost goes back, unless it
        // is made after all.
        let mut paid = None;
        if cause == RetryCause::Rejected {
            state.rejected();
            paid = (*this.attempts > 1).then(charge);
        }
        this.limits.check(cause, *this.attempts)?;
        // Asked before the spare: such a budget is why no request was cloned.
        if state.never_pays() {
            return Err(GiveUpCause::Budget);
        }
        let mut retrying = this
            .retrying
            .get_or_insert_with(|| Box::pin(Retrying::new(policy)))
            .as_mut();
        let now = Instant::now();
        let left = this.limits.left(now);
        let wait = retrying
            .as_mut()
            .wait(cause, hint, left, &policy.settings)?;
        if this.spare.is_none() {
            return Err(GiveUpCause::NotCloneable);
        }
        // The budget pays last: what is refused for another reason costs it nothing.
        if cause != RetryCause::Rejected {
            if !state.withdraw(now, this.limits.weight) {
                return Err(GiveUpCause::Budget);
            }
            paid = Some(charge());
        }
        retrying.plan(cause, paid);
        Ok(wait)
    }

    /// Lets go of the attempt that ended, and sleeps.
    fn rest(mut self: Pin<&mut Self>, wait: Duration, result: Result<S::Response, S::Error>) {
        let mut this = self.as_mut().project();
        // Drops the old future first, and the permit that it may hold, before any waiting.
        this.state.set(State::Sleeping);
        let mut retrying = pinned(this.retrying);
        // Under a deadline the inner service may not be ready in time.
        let needed = this.limits.deadline().is_some();
        retrying.as_mut().keep(result, needed);
        // Even an elapsed timer yields once to the runtime, and needs one.
        if wait.is_zero() {
            self.make_ready();
        } else {
            retrying.sleep(wait);
        }
    }

    fn make_ready(self: Pin<&mut Self>) {
        let mut this = self.project();
        pinned(this.retrying).sleep_until(this.limits.deadline());
        this.state.set(State::Readying);
    }

    /// Moves on between two attempts.
    #[cold]
    fn resume(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<<Self as Future>::Output>> {
        let this = self.as_mut().project();
        match this.state.project() {
            StateProj::Called { .. } => {}
            StateProj::Done => panic!("polled after it was done"),
            StateProj::Sleeping => {
                ready!(pinned(this.retrying).poll_timer(cx));
                self.make_ready();
            }
            StateProj::Readying => {
                let spare = this.spare.as_mut().expect("a retry has its request");
                let readiness = spare.inner.poll_ready(cx);
                // A service that is ready too late is not called: attempts start before the
                // deadline or not at all. The timer is only polled, and so only woken, if needed.
                let expired = match &readiness {
                    Poll::Ready(_) => this.limits.expired(),
                    Poll::Pending => {
                        this.limits.deadline().is_some()
                            && pinned(this.retrying).poll_timer(cx).is_ready()
                    }
                };
                if expired {
                    let mut retrying = pinned(this.retrying);
                    let rejected = retrying.was_rejected();
                    let last = retrying.as_mut().take_last();
                    let last = last.expect("under a deadline the last result is kept");
                    return Poll::Ready(Some(self.give_up(GiveUpCause::Deadline, last, rejected)));
                }
                match ready!(readiness) {
                    Ok(()) => self.attempt(),
                    // As with the first attempt, a readiness error is the answer.
                    Err(error) => return Poll::Ready(Some(self.finish(Err(error), None))),
                }
            }
        }
        Poll::Ready(None)
    }

    /// Starts the next attempt on the service that has just been polled ready.
    fn attempt(self: Pin<&mut Self>) {
        let mut this = self.project();
        let policy = &**this.policy;
        // From here on the attempt counts as made, and its charge is not given back.
        let cause = pinned(this.retrying).begin();
        let cause = cause.expect("a retry was planned");
        if cause != RetryCause::Rejected {
            policy.state.retried(cause);
            *this.attempts += 1;
        }
        let Spare { mut inner, request } = this.spare.take().expect("a retry has its request");
        // The last attempt takes the request itself, without a clone, but if a rejection of it would
        // be waited for.
        let possible = !this.limits.is_last(*this.attempts)
            || pinned(this.retrying).as_ref().may_be_rejected();
        let again = if possible && !this.limits.expired() {
            policy.replay.replay(&request)
        } else {
            None
        };
        let future = inner.call(request);
        *this.spare = again.map(|request| Spare::new(inner, request));
        this.state.set(State::Called { future });
    }

    fn give_up(
        mut self: Pin<&mut Self>,
        why: GiveUpCause,
        result: Result<S::Response, S::Error>,
        rejected: bool,
    ) -> <Self as Future>::Output {
        self.policy.state.gave_up(why);
        let retrying = self.as_mut().project().retrying.as_mut();
        let made = retrying
            .filter(|_| rejected)
            .and_then(|retrying| retrying.as_mut().take_made());
        let result = self.as_mut().finish(result, made);
        self.policy.tell_give_up(why, self.attempts);
        result
    }

    /// Lets go of all that is held before the result is out, in case the caller keeps the finished
    /// future around.
    fn finish(
        self: Pin<&mut Self>,
        mut result: Result<S::Response, S::Error>,
        made_before: Option<S::Error>,
    ) -> <Self as Future>::Output {
        let mut this = self.project();
        this.state.set(State::Done);
        *this.spare = None;
        *this.retrying = None;
        if let Some(made) = made_before {
            this.classify.rejected_after(&mut result, made);
        }
        this.classify.finished(&mut result, *this.attempts);
        result
    }
}

/// What a call has from its first failure on.
fn pinned<T>(retrying: &mut Option<Pin<Box<T>>>) -> Pin<&mut T> {
    let retrying = retrying.as_mut();
    retrying.expect("a retry was planned").as_mut()
}

impl<S, C, R, Req> fmt::Debug for ResponseFuture<S, C, R, Req>
where
    S: Service<Req>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("attempts", &self.attempts)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
