/// What there is at first, and what is saved at most. Enough to find a bucket's size by halving.
const FULL: i32 = 6 * THROTTLE;
/// What a throttle costs where a call that goes well earns one: trials cause at most one throttle
/// in a hundred calls.
const THROTTLE: i32 = 100;
/// How far throttles may overdraw it: two hundred calls that go well bring trials back.
const OVERDRAFT: i32 = -2 * THROTTLE;

/// What learning may cost: trials are made while there is at least one throttle in the purse.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Purse(i32);

impl Purse {
    pub(crate) fn new() -> Self {
        Self(FULL)
    }

    /// One that is overdrawn.
    #[cfg(feature = "shared")]
    pub(crate) fn empty() -> Self {
        Self(OVERDRAFT)
    }

    /// Whether there is enough for one more throttle.
    pub(crate) fn affords_trial(self) -> bool {
        self.0 >= THROTTLE
    }

    pub(crate) fn earn(&mut self) {
        self.0 = FULL.min(self.0 + 1);
    }

    pub(crate) fn pay(&mut self) {
        self.0 = OVERDRAFT.max(self.0 - THROTTLE);
    }
}
