use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;

use tokio::time::Instant;

use super::packed_state::AtomicState;
use super::shared_circuit::SharedCircuit;
use crate::circuit::Admission;
use crate::classify::Verdict;
use crate::error::Open;

/// A way to a circuit, for the threads that have its number.
///
/// A call through a closed circuit takes no lock unless it fails: the state of its shard says that
/// it may pass, and takes note of its success. Calls hold on to their shard, not to the circuit, so
/// that threads that call at once write to cache lines of their own.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Shard {
    state: Arc<AtomicState>,
    circuit: Arc<SharedCircuit>,
}

impl Shard {
    /// The only shard to a circuit that has one.
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
        if packed.is_closed() {
            Ok(Admission {
                generation: packed.generation(),
                probe: None,
            })
        } else {
            self.circuit.admit()
        }
    }

    /// Whether nothing has changed since the call was admitted.
    #[inline]
    pub(crate) fn still_admits(&self, admission: Admission) -> bool {
        self.state.load().generation() == admission.generation
    }

    #[inline]
    pub(crate) fn record(&self, admission: Admission, verdict: Verdict, start: Option<Instant>) {
        match verdict {
            Verdict::Success if self.count_success(admission, start) => {}
            Verdict::Ignored if admission.probe.is_none() => {}
            _ => self.circuit.record(admission, verdict, start),
        }
    }

    /// Takes note of a success, or tells that it has to be recorded.
    #[inline]
    fn count_success(&self, admission: Admission, start: Option<Instant>) -> bool {
        let mut packed = self.state.load();
        if packed.generation() != admission.generation || packed.skips_success() {
            return true;
        }
        if !self.circuit.may_batch(start) {
            return false;
        }
        while let Some(more) = packed.plus_success() {
            match self.state.exchange(packed, more) {
                Ok(()) => return true,
                Err(current) => packed = current,
            }
            if packed.generation() != admission.generation {
                return true;
            }
        }
        false
    }
}

/// All shards to one circuit.
#[derive(Clone, Debug)]
pub(crate) struct Shards(Arc<[Arc<Shard>]>);

impl Shards {
    /// As many as the machine runs threads at once, up to 32.
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

    /// Whether somebody else holds them or one of them.
    pub(crate) fn are_shared(&mut self) -> bool {
        Arc::get_mut(&mut self.0)
            .is_none_or(|shards| shards.iter_mut().any(|shard| Arc::get_mut(shard).is_none()))
    }

    /// The shard of this thread.
    #[inline]
    pub(crate) fn of_this_thread(&self) -> &Arc<Shard> {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        &self.0[THREAD.with(|thread| thread & (self.0.len() - 1))]
    }
}

#[cfg(all(test, loom))]
mod tests;
