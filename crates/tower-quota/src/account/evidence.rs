use super::meter::Kind;

/// What was known of a call when it was sent, and what its throttle is judged by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throttle {
    pub(crate) kind: Kind,
    /// The bucket was not known to hold the call: even if nobody else uses it.
    pub(crate) beyond_proven: bool,
    /// The same with what we plan with, which is never too little.
    pub(crate) planned_beyond: bool,
    /// The window was full with it.
    pub(crate) window_full: bool,
    /// The bucket is known to hold less than half of what a window would.
    pub(crate) small_bucket: bool,
    /// Calls under way come to more than they reserved, and with that it did not fit.
    pub(crate) debts: bool,
    /// It was so near to what the bucket holds that jitter explains it.
    pub(crate) edge: bool,
    /// The call needs all of the bucket: the least that others use is too much.
    pub(crate) needs_all: bool,
}

/// What a throttle means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The bucket holds less than was tried.
    Burst,
    /// The server counts a window.
    Window,
    /// It seemed to count a window, but had none to fill: a bucket.
    NoWindow,
    /// The server had charged debts that were not known here yet.
    Debts,
    /// Jitter: the proof was too close.
    Edge,
    /// Somebody else uses the quota.
    Neighbour,
}

impl Throttle {
    /// The most harmless explanation comes first; a neighbour is what is left.
    pub(crate) fn meaning(&self) -> Meaning {
        let window = self.window_full && !self.small_bucket;
        match self.kind {
            Kind::Unsure if self.planned_beyond && !window => Meaning::Burst,
            Kind::Bucket if self.planned_beyond => Meaning::Burst,
            Kind::Unsure | Kind::Bucket if self.beyond_proven => Meaning::Burst,
            _ if self.debts => Meaning::Debts,
            Kind::Unsure | Kind::Bucket if self.edge => Meaning::Edge,
            Kind::Unsure | Kind::Bucket if window => Meaning::Window,
            Kind::Window if self.beyond_proven && !self.window_full => Meaning::NoWindow,
            Kind::Unsure | Kind::Bucket | Kind::Window => Meaning::Neighbour,
        }
    }
}
