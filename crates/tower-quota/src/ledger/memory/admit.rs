use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::time::Instant;

use super::both_tickets::BothTickets;
use super::key_state::KeyState;
use super::memory_ticket::MemoryTicket;
use super::runtime::now;
use crate::account::Charge;
use crate::error::Rejected;
use crate::ledger::reservation::{Held, Reservation};
use crate::schedule::{Call, Place};

/// Waits for admission by a [`MemoryLedger`](crate::MemoryLedger).
///
/// # Cancellation
///
/// Dropped at any time it gives back its place, and what was reserved for it by then. The next in
/// line is woken if that makes room for it.
///
/// # Panics
///
/// If it has to wait and is polled outside of a tokio runtime with time enabled.
pub struct Admit {
    /// `None` once it is done.
    key: Option<Arc<KeyState>>,
    stage: Stage,
    /// Since when it waits, if it does: it is asked of the few that have to.
    waits: Option<Instant>,
    /// A box, for few calls have it, and all would be larger for it.
    within: Option<Box<Within>>,
}

/// An admission that fits is done in one poll and is never lined up.
enum Stage {
    New(Call),
    Waiting(Place),
}

/// The admission by another key that the call must fit as well.
enum Within {
    Asking(Admit),
    /// Held until the call's own key admits it, and then in the ticket of both.
    Admitted(Reservation),
}

impl Admit {
    pub(crate) fn new(key: Arc<KeyState>, call: Call) -> Self {
        Self {
            key: Some(key),
            stage: Stage::New(call),
            waits: None,
            within: None,
        }
    }

    /// Has the call wait for `outer` first.
    #[cold]
    pub(crate) fn within(mut self, outer: Self) -> Self {
        self.within = Some(Box::new(Within::Asking(outer)));
        self
    }
}

impl Future for Admit {
    type Output = Result<Reservation, Rejected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.within.is_some() {
            return this.poll_both(cx);
        }
        let ticket = match ready!(this.poll_key(cx)) {
            Ok(ticket) => ticket,
            Err(rejected) => return Poll::Ready(Err(rejected)),
        };
        this.tell_admitted(&ticket.key);
        Poll::Ready(Ok(Reservation::of(Held::Memory(ticket))))
    }
}

impl Admit {
    /// The outer key first. Where that is short of room for long its calls line up there, and not
    /// admitted by their own keys, which would let all of them go at once in the end.
    #[cold]
    fn poll_both(&mut self, cx: &mut Context<'_>) -> Poll<Result<Reservation, Rejected>> {
        if let Some(within) = self.within.as_deref_mut() {
            if let Within::Asking(outer) = within {
                match ready!(outer.poll_key(cx)) {
                    Ok(ticket) => {
                        self.waits = outer.waits;
                        *within = Within::Admitted(Reservation::of(Held::Memory(ticket)));
                    }
                    Err(rejected) => {
                        self.key = None;
                        return Poll::Ready(Err(rejected));
                    }
                }
            }
        }
        let waited = matches!(self.stage, Stage::Waiting(_));
        let result = ready!(self.poll_key(cx));
        let within = self.within.take().map(|within| *within);
        Poll::Ready(result.map(|own| {
            self.tell_admitted(&own.key);
            match within {
                Some(Within::Admitted(mut outer)) => {
                    // The server counts it from now on, and so does the outer key: what came true
                    // there since is not proven by a call that was not sent.
                    if waited {
                        outer.renew();
                    }
                    Reservation::new(BothTickets { own, outer })
                }
                _ => Reservation::of(Held::Memory(own)),
            }
        }))
    }

    fn poll_key(&mut self, cx: &mut Context<'_>) -> Poll<Result<MemoryTicket, Rejected>> {
        let key = self.key.as_ref().expect("polled after it was ready");
        let place = match &self.stage {
            Stage::New(call) => match key.enter_at_once(call) {
                Some(charge) => return Poll::Ready(self.done(Ok(charge))),
                None => match key.enter(*call) {
                    ControlFlow::Break(result) => return Poll::Ready(self.done(result)),
                    ControlFlow::Continue(place) => {
                        self.waits.get_or_insert_with(now);
                        place
                    }
                },
            },
            Stage::Waiting(place) => *place,
        };
        self.stage = Stage::Waiting(place);
        let result = ready!(key.poll(place, cx));
        Poll::Ready(self.done(result))
    }

    fn tell_admitted(&self, key: &KeyState) {
        let waited = self
            .waits
            .map(|since| now().saturating_duration_since(since));
        key.settings.telemetry.admitted(&key.key, waited);
    }

    fn done(&mut self, result: Result<Charge, Rejected>) -> Result<MemoryTicket, Rejected> {
        let key = self.key.take().expect("it is done once");
        result.map(|charge| MemoryTicket { key, charge })
    }
}

impl Drop for Admit {
    fn drop(&mut self) {
        // What was reserved but not yet picked up is given back by `leave`, too. Once it is picked up
        // the reservation answers for it.
        if let (Some(key), Stage::Waiting(place)) = (&self.key, &self.stage) {
            key.leave(*place);
        }
    }
}

impl fmt::Debug for Admit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admit").finish_non_exhaustive()
    }
}
