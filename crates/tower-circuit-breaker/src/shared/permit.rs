use std::sync::Arc;

use tokio::time::Instant;

use super::shard::Shard;
use crate::circuit::Admission;
use crate::classify::Verdict;
use crate::error::Open;

/// One admitted call; dropped without a result it counts as abandoned and gives back its place.
#[derive(Debug)]
pub(crate) struct Permit {
    shard: Arc<Shard>,
    admission: Admission,
    progress: Progress,
    /// Where a rule asks for it.
    start: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
enum Progress {
    Waiting,
    Called,
    Recorded,
}

impl Permit {
    #[inline]
    pub(crate) fn acquire(shard: Arc<Shard>) -> Result<Self, Open> {
        let admission = shard.admit()?;
        Ok(Self {
            shard,
            admission,
            progress: Progress::Waiting,
            start: None,
        })
    }

    /// The call is about to be made: asks again where the circuit has changed since the call was
    /// admitted, as it may while a call waits for the inner service's readiness.
    #[inline]
    pub(crate) fn start(&mut self) -> Result<(), Open> {
        if !self.shard.still_admits(self.admission) {
            self.admission = self.shard.admit()?;
        }
        self.start = self.shard.circuit().start();
        self.progress = Progress::Called;
        Ok(())
    }

    #[inline]
    pub(crate) fn record(&mut self, verdict: Verdict) {
        self.progress = Progress::Recorded;
        self.shard.record(self.admission, verdict, self.start);
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        let called = match self.progress {
            Progress::Waiting => false,
            Progress::Called => true,
            Progress::Recorded => return,
        };
        let circuit = self.shard.circuit();
        circuit.abandon(self.admission, called, self.start);
    }
}
