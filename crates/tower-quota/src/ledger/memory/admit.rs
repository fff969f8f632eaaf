use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::key_state::KeyState;
use super::memory_ticket::MemoryTicket;
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
    stage: Stage,
}

/// An admission that fits goes from `New` to `Done` in one poll and is never lined up.
enum Stage {
    New { key: Arc<KeyState>, call: Call },
    Waiting { key: Arc<KeyState>, place: Place },
    Done,
}

impl Admit {
    pub(crate) fn new(key: Arc<KeyState>, call: Call) -> Self {
        Self {
            stage: Stage::New { key, call },
        }
    }
}

impl Future for Admit {
    type Output = Result<Reservation, Rejected>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match &self.stage {
            Stage::New { key, call } => match key.enter(*call) {
                ControlFlow::Break(result) => result,
                ControlFlow::Continue(place) => {
                    let key = Arc::clone(key);
                    self.stage = Stage::Waiting { key, place };
                    // Once more, to leave the waker there.
                    return self.poll(cx);
                }
            },
            Stage::Waiting { key, place } => ready!(key.poll(*place, cx)),
            Stage::Done => panic!("polled after it was ready"),
        };
        match (std::mem::replace(&mut self.stage, Stage::Done), result) {
            (Stage::New { key, .. } | Stage::Waiting { key, .. }, Ok(charge)) => {
                telemetry::admitted(key.settings.name);
                let ticket = MemoryTicket { key, charge };
                Poll::Ready(Ok(Reservation::of(Held::Memory(ticket))))
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
        if let Stage::Waiting { key, place } = &self.stage {
            key.leave(*place);
        }
    }
}

impl fmt::Debug for Admit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admit").finish_non_exhaustive()
    }
}
