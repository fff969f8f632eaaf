use std::task::{Context, Poll};
use std::{future::Future, mem, pin::Pin};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::flight::{Cause, Done};
use super::miss_state::{Driver, MissState};
use super::{ask::Found, call::Call, callers::Lead, layer_state::LayerState, miss_step::Step};
use crate::{policy::Policy, store::Store};

/// What `S` answers.
type ResultOf<S, Req> = Result<<S as Service<Req>>::Response, <S as Service<Req>>::Error>;

/// Where a request is on its way to an answer of `S`.
pub(crate) type MissStateOf<S, Req, K, V> = MissState<K, V, ResultOf<S, Req>>;

pin_project! {
    /// A request that was no hit, with an inner service of its own, for it may have to call it.
    pub(crate) struct Miss<S, Req, P, St>
    where
        S: Service<Req>,
        P: Policy<Req, S::Response, S::Error>,
    {
        state: MissStateOf<S, Req, P::Key, P::Value>,
        shared: LayerState<P, P::Key, P::Value, St>,
        #[pin]
        call: Call<S, Req, S::Future>,
    }
}

impl<S, Req, P, St> Miss<S, Req, P, St>
where
    S: Service<Req>,
    P: Policy<Req, S::Response, S::Error>,
{
    pub(crate) fn new(
        inner: S,
        req: Req,
        shared: LayerState<P, P::Key, P::Value, St>,
        state: MissStateOf<S, Req, P::Key, P::Value>,
    ) -> Self {
        Self {
            state,
            shared,
            call: Call::new(inner, req),
        }
    }
}

impl<S, Req, P, St> Future for Miss<S, Req, P, St>
where
    S: Service<Req, Future: Send> + Send + 'static,
    Req: Send + 'static,
    P: Policy<Req, S::Response, S::Error>,
    St: Store<P::Key, P::Value>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        // Taken out, so that a panic below drops the state and with it the lead: the next waiter takes
        // over at once, however long this future is kept.
        let mut state = mem::replace(this.state, MissState::Over);
        loop {
            match step(state, this.shared, this.call.as_mut(), cx) {
                Step::Go(next) => state = next,
                Step::Stay(same) => {
                    *this.state = same;
                    return Poll::Pending;
                }
                Step::Answer(result) => return Poll::Ready(result),
            }
        }
    }
}

/// Goes on from one state as far as is possible now.
fn step<S, Req, P, St>(
    state: MissStateOf<S, Req, P::Key, P::Value>,
    shared: &LayerState<P, P::Key, P::Value, St>,
    call: Pin<&mut Call<S, Req, S::Future>>,
    cx: &mut Context<'_>,
) -> Step<P::Key, P::Value, ResultOf<S, Req>>
where
    S: Service<Req, Future: Send> + Send + 'static,
    Req: Send + 'static,
    P: Policy<Req, S::Response, S::Error>,
    St: Store<P::Key, P::Value>,
{
    match state {
        MissState::Join(key, seen) => shared.join(key, seen),
        // It joins no flight: an answer that was asked for earlier is not a new one.
        MissState::Refresh(key) => {
            let lead = Lead::start(shared.cache.flights(), key);
            Step::Go(MissState::Begin(lead, Cause::Refresh))
        }
        MissState::Wait(mut wait) => match wait.poll(cx) {
            Poll::Ready(waited) => shared.waited(waited),
            Poll::Pending => Step::Stay(MissState::Wait(wait)),
        },
        MissState::Ask(lead, cause, mut ask) => {
            let Poll::Ready(found) = ask.as_mut().poll(cx) else {
                return Step::Stay(MissState::Ask(lead, cause, ask));
            };
            match shared.found(lead, found) {
                Found::Answer(result) => Step::Answer(result),
                Found::Nothing(lead) => Step::Go(MissState::Begin(lead, cause)),
                Found::Stale(lead, result, background) => {
                    let (inner, req) = call.take().expect("nothing was called yet");
                    let lead = shared.begin(lead, inner, req, Cause::RevalidateFetched);
                    lead.detach(&background);
                    Step::Answer(result)
                }
            }
        }
        MissState::Begin(lead, cause) => {
            // The work has the service and the request from now on: this caller may leave it.
            let (inner, req) = call.take().expect("nothing was called yet");
            let lead = shared.begin(lead, inner, req, cause);
            Step::Go(MissState::Drive(lead, Driver::Began(cause)))
        }
        MissState::Drive(mut lead, driver) => {
            let mut done = None::<Done<P::Value, ResultOf<S, Req>>>;
            match lead.poll(cx, &mut done) {
                Poll::Ready(Ok(())) => shared.driven(lead.key(), driver, done),
                // It makes a call of its own, which others may wait for.
                Poll::Ready(Err(_)) => Step::Go(MissState::Begin(lead, Cause::Miss)),
                Poll::Pending => Step::Stay(MissState::Drive(lead, driver)),
            }
        }
        MissState::Alone(status) => match call.poll(cx, || shared.cache.count(status)) {
            Poll::Ready(result) => Step::Answer(shared.marked(result, status)),
            Poll::Pending => Step::Stay(MissState::Alone(status)),
        },
        MissState::AskRemote(mut ask, absent) => match ask.as_mut().poll(cx) {
            Poll::Ready(found) => Step::Answer(shared.found_or(found, absent)),
            Poll::Pending => Step::Stay(MissState::AskRemote(ask, absent)),
        },
        MissState::Over => panic!("polled after completion"),
    }
}
