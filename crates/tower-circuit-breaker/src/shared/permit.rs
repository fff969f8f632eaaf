use std::sync::Arc;

use tokio::time::Instant;

use super::shard::Shard;
use crate::circuit::Admission;
use crate::classify::Verdict;
use crate::error::Open;

/// One admitted call. Dropped without a result it is abandoned, and a probe gives its place back.
#[derive(Debug)]
pub(crate) struct Permit {
    shard: Arc<Shard>,
    admission: Admission,
    progress: Progress,
    /// When the inner service was called, where a rule asks for it.
    sent: Option<Instant>,
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
            sent: None,
        })
    }

    /// The call is about to be made: asks again where the circuit has changed since the call was
    /// admitted, as it may while a call waits for the inner service's readiness.
    #[inline]
    pub(crate) fn start(&mut self) -> Result<(), Open> {
        self.admission = self.shard.send(self.admission)?;
        self.sent = self.shard.circuit().sent();
        self.progress = Progress::Called;
        Ok(())
    }

    #[inline]
    pub(crate) fn record(&mut self, verdict: Verdict) {
        // First, so that a panic in what follows does not make the call abandoned as well.
        self.progress = Progress::Recorded;
        self.shard.record(self.admission, verdict, self.sent);
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
        circuit.abandon(self.admission, called, self.sent);
    }
}
