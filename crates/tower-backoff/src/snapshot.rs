/// What a layer has done so far. Counts start at zero with the layer and only grow.
///
/// The numbers are read one after the other while calls go on, so they may be a call apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Attempts started, first calls and retries together.
    pub attempts: u64,
    /// Retries started because the service throttled.
    pub throttled: u64,
    /// Retries started because of a transient failure.
    pub transient: u64,
    /// Calls worth a retry that had no attempts left.
    pub gave_up_attempts: u64,
    /// Calls worth a retry that could not have started before the deadline.
    pub gave_up_deadline: u64,
    /// Calls worth a retry that the budget did not pay for.
    pub gave_up_budget: u64,
    /// Calls worth a retry whose request could not be cloned.
    pub gave_up_not_cloneable: u64,
    /// The weight that could be retried at this moment; `None` if the budget has no limit.
    pub budget_left: Option<u64>,
}

impl Snapshot {
    /// Retries started, whatever the cause.
    #[must_use]
    pub const fn retries(&self) -> u64 {
        self.throttled + self.transient
    }

    /// Calls that were worth a retry and did not get one, whatever the cause.
    #[must_use]
    pub const fn gave_up(&self) -> u64 {
        self.gave_up_attempts
            + self.gave_up_deadline
            + self.gave_up_budget
            + self.gave_up_not_cloneable
    }
}
