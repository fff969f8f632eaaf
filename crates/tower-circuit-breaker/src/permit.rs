use std::sync::Arc;

use tokio::time::Instant;

use crate::circuit::Admission;
use crate::classify::Outcome;
use crate::error::Open;
use crate::slot::Slot;

/// One admitted call; dropped without a result it counts as abandoned and gives back its place.
#[derive(Debug)]
pub(crate) struct Permit {
    slot: Arc<Slot>,
    admission: Admission,
    progress: Progress,
}

#[derive(Clone, Copy, Debug)]
enum Progress {
    Waiting,
    Called { start: Option<Instant> },
    Recorded,
}

impl Permit {
    #[inline]
    pub(crate) fn acquire(slot: Arc<Slot>) -> Result<Self, Open> {
        let admission = slot.admit()?;
        Ok(Self {
            slot,
            admission,
            progress: Progress::Waiting,
        })
    }

    /// The call is about to be made: asks again where the circuit has changed since the call was
    /// admitted, as it may while a call waits for the inner service's readiness.
    #[inline]
    pub(crate) fn start(&mut self) -> Result<(), Open> {
        if !self.slot.still_admits(self.admission) {
            self.admission = self.slot.admit()?;
        }
        self.progress = Progress::Called {
            start: self.slot.start(),
        };
        Ok(())
    }

    #[inline]
    pub(crate) fn record(&mut self, outcome: Outcome) {
        let start = match std::mem::replace(&mut self.progress, Progress::Recorded) {
            Progress::Called { start } => start,
            Progress::Waiting | Progress::Recorded => None,
        };
        self.slot.record(self.admission, outcome, start);
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        match self.progress {
            Progress::Waiting => self.slot.abandon(self.admission, false, None),
            Progress::Called { start } => self.slot.abandon(self.admission, true, start),
            Progress::Recorded => {}
        }
    }
}
