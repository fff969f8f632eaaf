/// What a layer has done so far. Counts start at zero with the layer and only grow.
///
/// The numbers are read one after the other while calls go on, so they may be a call apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Attempts started, first calls and retries together. One that was rejected and is made again
    /// counts once.
    pub attempts: u64,
    /// Retries started because the service throttled.
    pub throttled: u64,
    /// Retries started because of a transient failure.
    pub transient: u64,
    /// Retries started because an attempt failed that was likely paid for.
    pub costly: u64,
    /// Rejections by a layer below, before anything was sent.
    pub rejected: u64,
    /// Calls worth a retry that had no attempts left.
    pub gave_up_attempts: u64,
    /// Calls worth a retry that had as many costly attempts as they may have.
    pub gave_up_costly: u64,
    /// Calls worth a retry that could not have started before the deadline.
    pub gave_up_deadline: u64,
    /// Calls worth a retry that the budget did not pay for.
    pub gave_up_budget: u64,
    /// Calls worth a retry whose request could not be cloned.
    pub gave_up_not_cloneable: u64,
    /// Calls worth a retry whose hint was longer than a hint may be.
    pub gave_up_hint: u64,
    /// Calls that rejections kept for as long as they may, or would have kept longer.
    pub gave_up_rejected: u64,
    /// The weight that could be retried at this moment; `None` if the budget has no limit.
    pub budget_left: Option<u64>,
}

impl Snapshot {
    /// Retries started, whatever the cause.
    #[must_use]
    pub const fn retries(&self) -> u64 {
        self.throttled + self.transient + self.costly
    }

    /// Calls that were worth a retry and did not get one, whatever the cause.
    #[must_use]
    pub const fn gave_up(&self) -> u64 {
        self.gave_up_attempts
            + self.gave_up_costly
            + self.gave_up_deadline
            + self.gave_up_budget
            + self.gave_up_not_cloneable
            + self.gave_up_hint
            + self.gave_up_rejected
    }
}
