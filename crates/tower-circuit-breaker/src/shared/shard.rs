use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::available_parallelism;

use tokio::time::Instant;

use super::packed_state::SharedGate;
use super::shared_circuit::Slot;
use crate::circuit::Admission;
use crate::classify::Outcome;
use crate::error::Open;

/// A way to a circuit, for the threads that have its number.
///
/// A call through a closed circuit takes no lock unless it fails: the gate of its lane says that
/// it may pass, and takes note of its success. Calls hold on to their lane, not to the circuit, so
/// that threads that call at once write to cache lines of their own.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Lane {
    gate: Arc<SharedGate>,
    slot: Arc<Slot>,
}

impl Lane {
    /// The only lane to a circuit that has one.
    pub(crate) fn only(slot: Slot) -> Arc<Self> {
        let slot = Arc::new(slot);
        let gate = Arc::clone(&slot.gates()[0]);
        Arc::new(Self { gate, slot })
    }

    #[inline]
    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }

    #[inline]
    pub(crate) fn admit(&self) -> Result<Admission, Open> {
        let gate = self.gate.load();
        if gate.is_closed() {
            Ok(Admission {
                generation: gate.generation(),
                probe: None,
            })
        } else {
            self.slot.admit()
        }
    }

    /// Whether nothing has changed since the call was admitted.
    #[inline]
    pub(crate) fn still_admits(&self, admission: Admission) -> bool {
        self.gate.load().generation() == admission.generation
    }

    #[inline]
    pub(crate) fn record(&self, admission: Admission, outcome: Outcome, start: Option<Instant>) {
        match outcome {
            Outcome::Success if self.note(admission, start) => {}
            Outcome::Ignored if admission.probe.is_none() => {}
            _ => self.slot.record(admission, outcome, start),
        }
    }

    /// Takes note of a success, or tells that it has to be recorded.
    #[inline]
    fn note(&self, admission: Admission, start: Option<Instant>) -> bool {
        let mut gate = self.gate.load();
        if gate.generation() != admission.generation || gate.ignores_success() {
            return true;
        }
        if !self.slot.may_lump(start) {
            return false;
        }
        while let Some(more) = gate.plus_success() {
            match self.gate.exchange(gate, more) {
                Ok(()) => return true,
                Err(current) => gate = current,
            }
            if gate.generation() != admission.generation {
                return true;
            }
        }
        false
    }
}

/// All lanes to one circuit.
#[derive(Clone, Debug)]
pub(crate) struct Lanes(Arc<[Arc<Lane>]>);

impl Lanes {
    /// As many as the machine runs threads at once, up to 32.
    pub(crate) fn count() -> usize {
        static COUNT: OnceLock<usize> = OnceLock::new();
        *COUNT.get_or_init(|| {
            let threads = available_parallelism().map_or(1, NonZeroUsize::get);
            threads.min(32).next_power_of_two()
        })
    }

    /// One for each gate; their number is a power of two.
    pub(crate) fn new(slot: Slot) -> Self {
        let slot = Arc::new(slot);
        let lane = |gate| {
            Arc::new(Lane {
                gate: Arc::clone(gate),
                slot: Arc::clone(&slot),
            })
        };
        Self(slot.gates().iter().map(lane).collect())
    }

    /// The lane of this thread.
    #[inline]
    pub(crate) fn here(&self) -> &Arc<Lane> {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static THREAD: usize = THREADS.fetch_add(1, Ordering::Relaxed);
        }
        &self.0[THREAD.with(|thread| thread & (self.0.len() - 1))]
    }
}

#[cfg(all(test, loom))]
mod tests;
