use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::key_state::KeyState;
use super::memory_ticket::MemoryTicket;
use crate::account::Charge;
use crate::error::Rejected;
use crate::ledger::reservation::{Held, Reservation};
use crate::schedule::{Call, Place};
use crate::telemetry;

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
}

/// An admission that fits is done in one poll and is never lined up.
enum Stage {
    New(Call),
    Waiting(Place),
}

impl Admit {
    pub(crate) fn new(key: Arc<KeyState>, call: Call) -> Self {
        Self {
            key: Some(key),
            stage: Stage::New(call),
        }
    }
}

impl Future for Admit {
    type Output = Result<Reservation, Rejected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let key = this.key.as_ref().expect("polled after it was ready");
        let place = match &this.stage {
            Stage::New(call) => match key.enter_at_once(call) {
                Some(charge) => return Poll::Ready(this.admitted(charge)),
                None => match key.enter(*call) {
                    ControlFlow::Break(result) => return Poll::Ready(this.done(result)),
                    ControlFlow::Continue(place) => place,
                },
            },
            Stage::Waiting(place) => *place,
        };
        this.stage = Stage::Waiting(place);
        let result = ready!(key.poll(place, cx));
        Poll::Ready(this.done(result))
    }
}

impl Admit {
    fn done(&mut self, result: Result<Charge, Rejected>) -> Result<Reservation, Rejected> {
        match result {
            Ok(charge) => self.admitted(charge),
            Err(rejected) => {
                self.key = None;
                Err(rejected)
            }
        }
    }

    fn admitted(&mut self, charge: Charge) -> Result<Reservation, Rejected> {
        let key = self.key.take().expect("it is admitted once");
        telemetry::admitted(key.settings.name);
        Ok(Reservation::of(Held::Memory(MemoryTicket { key, charge })))
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
