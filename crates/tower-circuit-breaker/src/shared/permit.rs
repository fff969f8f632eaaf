use std::pin::pin;
use std::sync::Arc;

use tokio::time::{Instant, timeout};

use super::outcome::Outcome;
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

    /// Waits until the circuit admits a call.
    pub(crate) async fn when_admitted(shard: Arc<Shard>) -> Self {
        loop {
            // Enabled before the circuit is asked, so that a change in between wakes it.
            let mut changed = pin!(shard.circuit().changed());
            changed.as_mut().enable();
            match shard.circuit().try_admit() {
                Ok(admission) => {
                    return Self {
                        admission,
                        progress: Progress::Waiting,
                        sent: None,
                        shard: Arc::clone(&shard),
                    };
                }
                // A rejection tells when to ask again, if nothing changes before.
                Err(retry_after) => {
                    let _ = timeout(retry_after, changed).await;
                }
            }
        }
    }

    /// Whether a call that was not made yet is still admitted.
    pub(crate) fn is_current(&self) -> bool {
        self.shard.circuit().still_admits(self.admission)
    }

    /// The call is about to be made: asks again where the circuit has changed since the call was
    /// admitted, as it may while a call waits for the inner service's readiness.
    #[inline]
    pub(crate) fn start(&mut self) -> Result<(), Open> {
        if !self.shard.lets_send(self.admission) {
            self.admission = self.shard.circuit().send(self.admission)?;
        }
        self.sent = self.shard.circuit().sent();
        self.progress = Progress::Called;
        Ok(())
    }

    /// The response has begun, and its end is told later.
    #[cold]
    pub(crate) fn begin(&mut self) -> Outcome {
        self.progress = Progress::Recorded;
        let begun = self.shard.begin(self.admission, self.sent);
        Outcome::new(Arc::clone(&self.shard), begun, self.sent)
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
