/// Of what was learned a call forgets one part in so many.
const MEMORY: u64 = 16;

/// The same of what calls reserve and come to: they differ more from each other than in how long they take.
const SHARE_MEMORY: u64 = 64;

/// By how much calls come to more than they reserve, and how long they take: their debts.
///
/// A server charges the reservation first and the rest when the call ends. By then others are
/// under way; so what those under way will still come to has to be foreseen.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Overrun {
    /// Both of a call, on average, times [`MEMORY`].
    tokens: u64,
    time: u64,
    /// What calls reserved and came to, times [`SHARE_MEMORY`].
    reserved: u64,
    actual: u64,
}

impl Overrun {
    pub(crate) fn learn(&mut self, reserved: u64, actual: u64, time: u64) {
        let more = actual.saturating_sub(reserved);
        self.tokens = (self.tokens - self.tokens.div_ceil(MEMORY)).saturating_add(more);
        self.time = (self.time - self.time.div_ceil(MEMORY)).saturating_add(time);
        let forget = |sum: u64| sum - sum.div_ceil(SHARE_MEMORY);
        self.reserved = forget(self.reserved).saturating_add(reserved);
        self.actual = forget(self.actual).saturating_add(actual);
    }

    /// What calls that reserve so much are likely to come to, without what they come to above that.
    pub(crate) fn likely(&self, reserved: u64) -> u64 {
        if self.actual >= self.reserved {
            return reserved;
        }
        let likely = u128::from(reserved) * u128::from(self.actual) / u128::from(self.reserved);
        u64::try_from(likely).unwrap_or(u64::MAX)
    }

    /// What so many calls will come to above what they reserved.
    pub(crate) fn of(&self, calls: u64) -> u64 {
        self.tokens.saturating_mul(calls) / MEMORY
    }

    /// What one more call adds to that, at most.
    #[cfg(feature = "shared")]
    pub(crate) fn each(&self) -> u64 {
        self.tokens.div_ceil(MEMORY)
    }

    /// How long a call takes.
    pub(crate) fn time(&self) -> u64 {
        self.time / MEMORY
    }
}
