use std::sync::atomic::Ordering;

use super::sync::AtomicU64;
use crate::circuit::{Circuit, OnSuccess};

/// The part of a circuit that the ordinary call asks for, in one word.
///
/// From the top: 32 bits generation, 29 bits successes that the circuit has not counted yet, then
/// one bit each: a success may be added here; a success changes nothing; the circuit is closed and
/// neither watches its calls nor holds any back.
///
/// The generation is in the same word as the successes, so that a success can never be added to a
/// generation that did not admit its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PackedState(u64);

const ADMITS: u64 = 1;
const SKIP: u64 = 2;
const BATCH: u64 = 4;
const ONE: u64 = 8;
const PENDING: u64 = ((1 << 29) - 1) * ONE;

impl PackedState {
    pub(crate) fn of(circuit: &Circuit) -> Self {
        let admits = u64::from(circuit.admits_all()) * ADMITS;
        let on_success = match circuit.on_success() {
            OnSuccess::Skip => SKIP,
            OnSuccess::Batch => BATCH,
            OnSuccess::Record => 0,
        };
        Self(u64::from(circuit.generation()) << 32 | admits | on_success)
    }

    pub(crate) fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub(crate) fn pending(self) -> u32 {
        ((self.0 & PENDING) / ONE) as u32
    }

    pub(crate) fn admits_all(self) -> bool {
        self.0 & ADMITS != 0
    }

    pub(crate) fn skips_success(self) -> bool {
        self.0 & SKIP != 0
    }

    /// The word with one more success. `None` if successes are not added here or there is no room
    /// left; the circuit itself then records it and empties this word.
    pub(crate) fn plus_success(self) -> Option<Self> {
        (self.0 & BATCH != 0 && self.0 & PENDING != PENDING).then(|| Self(self.0 + ONE))
    }
}

/// The state of one shard, alone in its cache line, so that shards do not slow each other down.
///
/// What is asked of the word itself holds at any ordering: all threads see its changes in one order,
/// and a thread that was told of a change, such as a `force_open` that returned, reads that change
/// or a later one. What it does not hold is behind the lock, whose acquire and release order it. Only
/// `last` is published through the word.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct AtomicState {
    word: AtomicU64,
    /// When the last success was counted here, in nanoseconds since the circuit's origin; where two
    /// meet, one of the two times.
    last: AtomicU64,
}

impl AtomicState {
    pub(crate) fn new(packed: PackedState) -> Self {
        Self {
            word: AtomicU64::new(packed.0),
            last: AtomicU64::new(0),
        }
    }

    /// `Relaxed`: with an old state a call passes that would have passed a moment ago.
    #[inline]
    pub(crate) fn load(&self) -> PackedState {
        PackedState(self.word.load(Ordering::Relaxed))
    }

    /// `Acquire` pairs with the `Release` of `exchange`. Either that comes first, and its success is
    /// returned here and its time seen by `last`, or it comes later, and fails.
    pub(crate) fn swap(&self, packed: PackedState) -> PackedState {
        PackedState(self.word.swap(packed.0, Ordering::Acquire))
    }

    /// `Release` pairs with the `Acquire` of `swap`: whoever finds the success knows its time. May
    /// fail although the state is `current`; the caller tries again in a loop anyway.
    #[inline]
    pub(crate) fn exchange(
        &self,
        current: PackedState,
        new: PackedState,
    ) -> Result<(), PackedState> {
        self.word
            .compare_exchange_weak(current.0, new.0, Ordering::Release, Ordering::Relaxed)
            .map(drop)
            .map_err(PackedState)
    }

    /// `Relaxed`: published by the exchange that follows.
    #[inline]
    pub(crate) fn set_last(&self, nanos: u64) {
        self.last.store(nanos, Ordering::Relaxed);
    }

    /// `Relaxed`: follows a swap that returned a success.
    pub(crate) fn last(&self) -> u64 {
        self.last.load(Ordering::Relaxed)
    }
}
