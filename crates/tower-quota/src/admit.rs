use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::ask::Ask;
use crate::error::Rejected;
use crate::grant::Grant;
use crate::memory::MemoryLedger;
use crate::queue::Place;
use crate::reservation::Reservation;
use crate::slot::Slot;
use crate::telemetry;

/// Waits for admission by a [`MemoryLedger`].
///
/// # Cancellation
///
/// Dropped at any time it gives its place back, and what was reserved for it by then; the next
/// one is woken if that makes room for it.
///
/// # Panics
///
/// If it has to wait and is polled outside of a tokio runtime with time enabled.
pub struct Admit<K> {
    stage: Stage<K>,
}

enum Stage<K> {
    New {
        ledger: MemoryLedger<K>,
        ask: Ask<K>,
    },
    Waiting {
        slot: Arc<Slot>,
        place: Place,
    },
    Done,
}

// No field is pinned.
impl<K> Unpin for Admit<K> {}

impl<K> Admit<K> {
    pub(crate) fn new(ledger: MemoryLedger<K>, ask: Ask<K>) -> Self {
        Self {
            stage: Stage::New { ledger, ask },
        }
    }
}

impl<K: Hash + Eq + Clone + fmt::Display> Future for Admit<K> {
    type Output = Result<Reservation, Rejected>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (slot, result, waited) = match &self.stage {
            Stage::New { ledger, ask } => {
                let slot = ledger.slot(&ask.key);
                match slot.enter(ask) {
                    ControlFlow::Break(result) => (slot, result, false),
                    ControlFlow::Continue(place) => {
                        self.stage = Stage::Waiting { slot, place };
                        return self.poll(cx);
                    }
                }
            }
            Stage::Waiting { slot, place } => {
                let result = ready!(slot.poll(*place, cx));
                (Arc::clone(slot), result, true)
            }
            Stage::Done => panic!("polled after it was ready"),
        };
        self.stage = Stage::Done;
        let entry = result?;
        telemetry::admitted(slot.settings().name);
        Poll::Ready(Ok(Reservation::of(Grant::new(slot, entry, waited))))
    }
}

impl<K> Drop for Admit<K> {
    fn drop(&mut self) {
        if let Stage::Waiting { slot, place } = &self.stage {
            slot.leave(*place);
        }
    }
}

impl<K> fmt::Debug for Admit<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::New { .. } => "new",
            Stage::Waiting { .. } => "waiting",
            Stage::Done => "done",
        };
        f.debug_struct("Admit").field("stage", &stage).finish()
    }
}
