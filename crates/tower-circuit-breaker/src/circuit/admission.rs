use std::num::NonZeroU32;

/// Leave to call the inner service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    pub(crate) generation: u32,
    /// The probe's number, where the call is one.
    pub(crate) probe: Option<NonZeroU32>,
}
