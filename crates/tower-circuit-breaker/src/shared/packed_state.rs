use std::sync::atomic::Ordering;

use super::sync::AtomicU64;
use crate::circuit::{Circuit, OnSuccess, State};

/// The part of a circuit that the ordinary call asks for, in one word.
///
/// From the top: 32 bits generation, 29 bits successes that the circuit has not absorbed yet,
/// then one bit each: it is closed; a success changes nothing; a success may be added here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PackedState(u64);

const CLOSED: u64 = 1;
const SKIP: u64 = 2;
const BATCH: u64 = 4;
const ONE: u64 = 8;
const PENDING: u64 = ((1 << 29) - 1) * ONE;

impl PackedState {
    pub(crate) fn of(circuit: &Circuit) -> Self {
        let closed = if circuit.state() == State::Closed {
            CLOSED
        } else {
            0
        };
        let on_success = match circuit.on_success() {
            OnSuccess::Skip => SKIP,
            OnSuccess::Batch => BATCH,
            OnSuccess::Record => 0,
        };
        Self(u64::from(circuit.generation()) << 32 | closed | on_success)
    }

    pub(crate) fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) fn pending(self) -> u32 {
        ((self.0 & PENDING) / ONE) as u32
    }

    pub(crate) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    pub(crate) fn skips_success(self) -> bool {
        self.0 & SKIP != 0
    }

    /// With one success more, where it may be added here and there is room for it.
    pub(crate) fn plus_success(self) -> Option<Self> {
        (self.0 & BATCH != 0 && self.0 & PENDING != PENDING).then(|| Self(self.0 + ONE))
    }
}

/// The state of one shard, alone in its cache line.
///
/// The atomic operations are `Relaxed`. A state is complete in itself: all that it does not hold is
/// behind the lock, and the order of changes to one word is the same for everybody.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct AtomicState(AtomicU64);

impl AtomicState {
    pub(crate) fn new(packed: PackedState) -> Self {
        Self(AtomicU64::new(packed.0))
    }

    #[inline]
    pub(crate) fn load(&self) -> PackedState {
        PackedState(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn swap(&self, packed: PackedState) -> PackedState {
        PackedState(self.0.swap(packed.0, Ordering::Relaxed))
    }

    /// May fail although the state is `current`.
    #[inline]
    pub(crate) fn exchange(
        &self,
        current: PackedState,
        new: PackedState,
    ) -> Result<(), PackedState> {
        self.0
            .compare_exchange_weak(current.0, new.0, Ordering::Relaxed, Ordering::Relaxed)
            .map(drop)
            .map_err(PackedState)
    }
}
