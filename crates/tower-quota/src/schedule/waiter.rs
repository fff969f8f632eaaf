use crate::error::Cause;
use crate::limit::Amount;

/// A call that waits for its turn. `W` is what wakes its caller.
#[derive(Debug)]
pub(crate) struct Waiter<W> {
    pub(crate) amount: Amount,
    pub(crate) came: u64,
    pub(crate) give_up: GiveUp,
    /// `None` until the caller is polled once more, which it is without being woken.
    pub(crate) sleeper: Option<W>,
}

/// Until when a call waits, and what it is told then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GiveUp {
    Never,
    AtDeadline(u64),
    AfterMaxWait(u64),
}

impl GiveUp {
    /// The last moment at which the call is still of use.
    pub(crate) fn at(self) -> Option<u64> {
        match self {
            Self::Never => None,
            Self::AtDeadline(at) | Self::AfterMaxWait(at) => Some(at),
        }
    }

    /// Why the call is rejected if there is room only at `room_at`, or `None` if that is in time.
    pub(crate) fn missed(self, room_at: u64) -> Option<Cause> {
        match self {
            Self::AtDeadline(at) if at < room_at => Some(Cause::Deadline),
            Self::AfterMaxWait(at) if at < room_at => Some(Cause::MaxWait),
            Self::Never | Self::AtDeadline(_) | Self::AfterMaxWait(_) => None,
        }
    }
}
