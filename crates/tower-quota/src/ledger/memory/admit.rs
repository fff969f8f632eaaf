use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::key_state::KeyState;
use super::memory_ticket::MemoryTicket;
use crate::error::Rejected;
use crate::ledger::Reservation;
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
    stage: Stage,
}

/// An admission that fits goes from `New` to `Done` in one poll and is never lined up.
enum Stage {
    New {
        key_state: Arc<KeyState>,
        call: Call,
    },
    Waiting {
        key_state: Arc<KeyState>,
        place: Place,
    },
    Done,
}

impl Admit {
    pub(crate) fn new(key_state: Arc<KeyState>, call: Call) -> Self {
        Self {
            stage: Stage::New { key_state, call },
        }
    }
}

impl Future for Admit {
    type Output = Result<Reservation, Rejected>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (result, waited) = match &self.stage {
            Stage::New { key_state, call } => match key_state.enter(*call) {
                ControlFlow::Break(result) => (result, false),
                ControlFlow::Continue(place) => {
                    let key_state = Arc::clone(key_state);
                    self.stage = Stage::Waiting { key_state, place };
                    // Once more, to leave the waker there.
                    return self.poll(cx);
                }
            },
            Stage::Waiting { key_state, place } => (ready!(key_state.poll(*place, cx)), true),
            Stage::Done => panic!("polled after it was ready"),
        };
        match (std::mem::replace(&mut self.stage, Stage::Done), result) {
            (Stage::New { key_state, .. } | Stage::Waiting { key_state, .. }, Ok(entry)) => {
                telemetry::admitted(key_state.settings().name);
                let ticket = MemoryTicket::new(key_state, entry, waited);
                Poll::Ready(Ok(Reservation::of(ticket)))
            }
            (_, Ok(_)) => panic!("polled after it was ready"),
            (_, Err(rejected)) => Poll::Ready(Err(rejected)),
        }
    }
}

impl Drop for Admit {
    fn drop(&mut self) {
        // What was reserved but not yet picked up is given back by `leave`, too. Once it is picked up
        // the reservation answers for it.
        if let Stage::Waiting { key_state, place } = &self.stage {
            key_state.leave(*place);
        }
    }
}

impl fmt::Debug for Admit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::New { .. } => "new",
            Stage::Waiting { .. } => "waiting",
            Stage::Done => "done",
        };
        f.debug_struct("Admit").field("stage", &stage).finish()
    }
}
