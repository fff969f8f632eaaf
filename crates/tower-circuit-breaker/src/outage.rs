use std::num::NonZeroU32;
use std::time::Duration;

/// When a service counts as down altogether, so that a circuit should open: not while a part of the
/// calls still succeeds, however small.
///
/// Calls are judged in the order in which they were sent, each once it is old enough: it failed, or
/// it outlived the failures. The guide [outages](crate::docs::outages) tells why.
///
/// The default, and [`Outage::new`]: 50 failures over 5 seconds or longer, or 50 failures without a
/// success for 60 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    pub(crate) failures: NonZeroU32,
    pub(crate) span: Duration,
    pub(crate) without_success: Duration,
}

impl Outage {
    /// The same as the default.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            // 0.8^50 is 1 in 70,000: where four calls in five fail, so many in a row are no chance.
            failures: NonZeroU32::MIN.saturating_add(49),
            span: Duration::from_secs(5),
            without_success: Duration::from_secs(60),
        }
    }

    /// How many calls have to fail, one after the other as they were sent. Default: 50.
    ///
    /// Fewer open the circuit earlier where there are few calls, and by chance where only a part of
    /// the calls fails: 20 do so soon if four in five fail.
    ///
    /// # Panics
    ///
    /// If `failures` is zero.
    #[must_use]
    #[track_caller]
    pub const fn failures(mut self, failures: u32) -> Self {
        self.failures = NonZeroU32::new(failures).expect("an outage has at least one failure");
        self
    }

    /// How long the failures have to go on at least, from the first one's arrival; a service that
    /// is down for less is left to the retries. Default: 5 seconds.
    #[must_use]
    pub const fn span(mut self, span: Duration) -> Self {
        self.span = span;
        self
    }

    /// How long no call may succeed at most, whatever is still under way, once so many have failed.
    /// It opens the circuit of a service that hangs, or fails too rarely or too unevenly to tell the
    /// failed calls from those that outlive them. Default: 60 seconds.
    ///
    /// Longer than most answers take: of a service that needs minutes for each, none comes in its
    /// first minute.
    #[must_use]
    pub const fn without_success(mut self, time: Duration) -> Self {
        self.without_success = time;
        self
    }
}

impl Default for Outage {
    fn default() -> Self {
        Self::new()
    }
}
