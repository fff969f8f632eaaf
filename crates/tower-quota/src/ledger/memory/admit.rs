use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::key_state::Slot;
use super::memory_ticket::Grant;
use crate::error::Rejected;
use crate::ledger::Reservation;
use crate::schedule::{Call, Place};
use crate::telemetry;

/// Waits for admission by a [`MemoryLedger`](crate::MemoryLedger).
///
/// # Cancellation
///
/// Dropped at any time it gives its place back, and what was reserved for it by then; the next
/// one is woken if that makes room for it.
///
/// # Panics
///
/// If it has to wait and is polled outside of a tokio runtime with time enabled.
pub struct Admit {
    stage: Stage,
}

enum Stage {
    New { slot: Arc<Slot>, call: Call },
    Waiting { slot: Arc<Slot>, place: Place },
    Done,
}

impl Admit {
    pub(crate) fn new(slot: Arc<Slot>, call: Call) -> Self {
        Self {
            stage: Stage::New { slot, call },
        }
    }
}

impl Future for Admit {
    type Output = Result<Reservation, Rejected>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (result, waited) = match &self.stage {
            Stage::New { slot, call } => match slot.enter(*call) {
                ControlFlow::Break(result) => (result, false),
                ControlFlow::Continue(place) => {
                    let slot = Arc::clone(slot);
                    self.stage = Stage::Waiting { slot, place };
                    return self.poll(cx);
                }
            },
            Stage::Waiting { slot, place } => (ready!(slot.poll(*place, cx)), true),
            Stage::Done => panic!("polled after it was ready"),
        };
        match (std::mem::replace(&mut self.stage, Stage::Done), result) {
            (Stage::New { slot, .. } | Stage::Waiting { slot, .. }, Ok(entry)) => {
                telemetry::admitted(slot.settings().name);
                let grant = Grant::new(slot, entry, waited);
                Poll::Ready(Ok(Reservation::of(grant)))
            }
            (_, Ok(_)) => panic!("polled after it was ready"),
            (_, Err(rejected)) => Poll::Ready(Err(rejected)),
        }
    }
}

impl Drop for Admit {
    fn drop(&mut self) {
        if let Stage::Waiting { slot, place } = &self.stage {
            slot.leave(*place);
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
