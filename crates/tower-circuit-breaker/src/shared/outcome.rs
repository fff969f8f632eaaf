use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use super::shard::Shard;
use crate::circuit::Admission;
use crate::classify::Verdict;

/// Tells a circuit how a call ended whose response has begun; what
/// [`Classify::later`](crate::Classify::later) is given.
///
/// The beginning has counted as a success already. A failure takes that back: it counts in its place,
/// and one of a probe opens the circuit again as long as that is half-open or its
/// [`ramp`](crate::CircuitBreakerLayer::ramp) is on. As with all results, what ends after the circuit
/// has changed counts no more; a circuit that the beginning of this very call has closed hears of its
/// end.
///
/// It holds no place of a probe, and may go to any thread. Dropped without a verdict the call counts as
/// [`Abandoned`](crate::Abandoned) says.
#[must_use = "dropped, it counts as an abandoned call"]
pub struct Outcome {
    shard: Arc<Shard>,
    admission: Admission,
    sent: Option<Instant>,
    is_recorded: bool,
}

impl Outcome {
    pub(super) fn new(shard: Arc<Shard>, admission: Admission, sent: Option<Instant>) -> Self {
        Self {
            shard,
            admission,
            sent,
            is_recorded: false,
        }
    }

    /// The call has ended so. [`Verdict::Later`] says nothing, as if this were dropped.
    pub fn record(mut self, verdict: Verdict) {
        if verdict == Verdict::Later {
            return;
        }
        // First, so that a panic in what follows does not make the call abandoned as well.
        self.is_recorded = true;
        let circuit = self.shard.circuit();
        circuit.end(self.admission, verdict, self.sent);
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        if !self.is_recorded {
            self.shard
                .circuit()
                .abandon_begun(self.admission, self.sent);
        }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome").finish_non_exhaustive()
    }
}
