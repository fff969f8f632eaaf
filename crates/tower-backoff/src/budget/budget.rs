/// How much retrying the traffic may pay for, so that retries never become the load.
///
/// Every call adds its weight times the ratio; every second adds the floor; every retry takes its
/// weight, before it sleeps, and gives it back if the attempt is never made. What is not spent is
/// kept up to the burst, which is also what the budget starts with. The sums are exact: a ratio of
/// 3/5 pays for three retries in five calls, not for five.
///
/// The weight of a call is 1 unless [`Overrides::weight`](crate::Overrides::weight) says otherwise;
/// floor and burst count in the same unit. A retry that weighs more than the whole burst costs the
/// whole burst, so a full budget always pays for one.
///
/// The default is a ratio of 1/5, a floor of 10 per second and a burst of 100: what tower's own
/// budget allows.
///
/// ```
/// use tower_backoff::Budget;
///
/// // One retry for ten calls, and one a second whatever the traffic; at most 20 at a time.
/// let budget = Budget::ratio(1, 10).floor_per_second(1).burst(20);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub(crate) numerator: u32,
    pub(crate) denominator: u32,
    pub(crate) floor: u32,
    /// `None` is without limit.
    pub(crate) burst: Option<u64>,
}

impl Budget {
    /// `numerator` retries for every `denominator` calls; the floor and the burst are the default's.
    ///
    /// # Panics
    ///
    /// If `denominator` is zero.
    #[must_use]
    pub const fn ratio(numerator: u32, denominator: u32) -> Self {
        assert!(denominator > 0, "a ratio needs a denominator");
        Self {
            numerator,
            denominator,
            floor: 10,
            burst: Some(100),
        }
    }

    /// Retries are not limited by a budget.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self {
            numerator: 0,
            denominator: 1,
            floor: 0,
            burst: None,
        }
    }

    /// What every second adds, for clients with little traffic. Default: 10.
    #[must_use]
    pub const fn floor_per_second(mut self, weight: u32) -> Self {
        self.floor = weight;
        self
    }

    /// The most that is ever saved up, and what the budget starts with. Default: 100.
    ///
    /// With a burst of zero nothing is retried.
    #[must_use]
    pub const fn burst(mut self, weight: u64) -> Self {
        self.burst = Some(weight);
        self
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::ratio(1, 5)
    }
}
