use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;

use tokio::time::Instant;

use super::packed_state::AtomicState;
use super::shared_circuit::SharedCircuit;
use crate::circuit::{Admission, Holds};
use crate::classify::Verdict;
use crate::error::Open;

/// One of several ways to a circuit; each thread keeps to one.
///
/// A call through a closed circuit takes no lock unless it fails: the state of its shard admits it
/// and counts its success. Calls hold their shard and not the circuit, so that threads that call
/// at once write to cache lines of their own, reference counts included.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Shard {
    state: Arc<AtomicState>,
    circuit: Arc<SharedCircuit>,
}

impl Shard {
    /// The shard of a circuit that has only one.
    pub(crate) fn single(circuit: SharedCircuit) -> Arc<Self> {
        let circuit = Arc::new(circuit);
        let state = Arc::clone(&circuit.states()[0]);
        Arc::new(Self { state, circuit })
    }

    #[inline]
    pub(crate) fn circuit(&self) -> &SharedCircuit {
        &self.circuit
    }

    #[inline]
    pub(crate) fn admit(&self) -> Result<Admission, Open> {
        let packed = self.state.load();
        if packed.admits_all() {
            Ok(Admission {
                generation: packed.generation(),
                holds: Holds::Nothing,
            })
        } else {
            self.circuit.admit()
        }
    }

    /// Whether calls pass without a word.
    pub(crate) fn admits_all(&self) -> bool {
        self.state.load().admits_all()
    }

    /// Whether there is nothing to ask as the service is about to be called: the circuit has not
    /// changed since the call was admitted, and does not watch its calls.
    #[inline]
    pub(crate) fn lets_send(&self, admission: Admission) -> bool {
        let packed = self.state.load();
        packed.admits_all() && packed.generation() == admission.generation
    }

    #[inline]
    pub(crate) fn record(&self, admission: Admission, verdict: Verdict, sent: Option<Instant>) {
        match verdict {
            Verdict::Success if self.count_success(admission, sent) => {}
            // It changes nothing, except that what the call holds is given back.
            Verdict::Ignored if admission.holds == Holds::Nothing => {}
            _ => self.circuit.record(admission, verdict, sent),
        }
    }

    /// The response has begun: that is a success, of a call that may fail still.
    pub(crate) fn begin(&self, admission: Admission, sent: Option<Instant>) -> Admission {
        if self.count_success(admission, sent) {
            let holds = Holds::Begun;
            Admission { holds, ..admission }
        } else {
            self.circuit.begin(admission, sent)
        }
    }

    /// Counts a success here, or says that the circuit has to record it.
    #[inline]
    fn count_success(&self, admission: Admission, sent: Option<Instant>) -> bool {
        let mut packed = self.state.load();
        // A call of an earlier generation counts for nothing, so there is nothing to record.
        if packed.generation() != admission.generation || packed.skips_success() {
            return true;
        }
        let Some(ended) = self.circuit.may_batch(sent) else {
            return false;
        };
        while let Some(more) = packed.plus_success() {
            if let Some(ended) = ended {
                self.state.set_last(ended);
            }
            match self.state.exchange(packed, more) {
                Ok(()) => return true,
                Err(current) => packed = current,
            }
            // Another thread of this shard was quicker, or has changed the circuit.
            if packed.generation() != admission.generation {
                return true;
            }
        }
        false
    }
}

/// All shards of one circuit.
#[derive(Clone, Debug)]
pub(crate) struct Shards(Arc<[Arc<Shard>]>);

impl Shards {
    /// One for each thread that the machine runs at once, 32 at most, since a change of state
    /// writes to all of them.
    ///
    /// A power of two, so that a thread finds its shard without a division.
    pub(crate) fn count() -> usize {
        static COUNT: OnceLock<usize> = OnceLock::new();
        *COUNT.get_or_init(|| {
            let threads = available_parallelism().map_or(1, NonZeroUsize::get);
            threads.min(32).next_power_of_two()
        })
    }

    /// One for each state; their number is a power of two.
    pub(crate) fn new(circuit: SharedCircuit) -> Self {
        let circuit = Arc::new(circuit);
        let shard = |state| {
            Arc::new(Shard {
                state: Arc::clone(state),
                circuit: Arc::clone(&circuit),
            })
        };
        Self(circuit.states().iter().map(shard).collect())
    }

    /// The shard of this thread. Threads are numbered as they come and take turns at the shards.
    #[inline]
    pub(crate) fn of_this_thread(&self) -> &Arc<Shard> {
        // `Relaxed` is enough to give each thread a number of its own.
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        &self.0[THREAD.with(|thread| thread & (self.0.len() - 1))]
    }
}

#[cfg(all(test, loom))]
mod tests;
