use super::FaultKind;

/// When in a call's life a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Ahead of the quota.
    BeforeQuota,
    /// After admission.
    AtModel,
    /// In the answer's event stream.
    InStream,
}

impl Stage {
    /// When a fault of this kind strikes, with an event of a stream to strike at or without.
    pub(super) fn of(kind: FaultKind, at_an_event: bool) -> Self {
        match kind {
            FaultKind::StreamException
            | FaultKind::StreamCut
            | FaultKind::StreamCutInFrame
            | FaultKind::StreamCorrupt => Self::InStream,
            FaultKind::ConnectionReset | FaultKind::Hang if at_an_event => Self::InStream,
            FaultKind::ModelTimeout
            | FaultKind::ModelError
            | FaultKind::ModelStreamError
            | FaultKind::ConnectionReset
            | FaultKind::Hang
            | FaultKind::SlowBody => Self::AtModel,
            _ => Self::BeforeQuota,
        }
    }
}
