/// Of what was learned a call forgets one part in so many.
const MEMORY: u64 = 16;

/// By how much calls come to more than they reserve, and how long they take: their debts.
///
/// A server charges the reservation first and the rest when the call ends. By then others are
/// under way; so what those under way will still come to has to be foreseen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Overrun {
    /// Both of a call, on average, times [`MEMORY`].
    tokens: u64,
    time: u64,
}

impl Overrun {
    pub(crate) fn learn(&mut self, reserved: u64, actual: u64, time: u64) {
        let more = actual.saturating_sub(reserved);
        self.tokens = (self.tokens - self.tokens.div_ceil(MEMORY)).saturating_add(more);
        self.time = (self.time - self.time.div_ceil(MEMORY)).saturating_add(time);
    }

    /// What so many calls will come to above what they reserved.
    pub(crate) fn of(&self, calls: u64) -> u64 {
        self.tokens.saturating_mul(calls) / MEMORY
    }

    /// How long a call takes.
    pub(crate) fn time(&self) -> u64 {
        self.time / MEMORY
    }
}
