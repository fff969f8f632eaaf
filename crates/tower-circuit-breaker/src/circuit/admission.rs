use std::num::NonZeroU32;

/// Leave to call the inner service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    pub(crate) generation: u32,
    pub(crate) holds: Holds,
}

/// What a call holds in its circuit until it ends, so that even a result that tells nothing has to
/// be recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Nothing,
    /// The place of the probe with this number.
    Probe(NonZeroU32),
    /// It is one of the calls of this slot.
    Slot(u32),
    /// Nothing that has to be given back: its response has begun, which was counted as a success.
    Begun,
    /// The same, of a probe.
    BegunProbe,
}

impl Admission {
    pub(crate) fn probe(&self) -> Option<NonZeroU32> {
        match self.holds {
            Holds::Probe(probe) => Some(probe),
            _ => None,
        }
    }

    pub(crate) fn slot(&self) -> Option<u32> {
        match self.holds {
            Holds::Slot(slot) => Some(slot),
            _ => None,
        }
    }
}
