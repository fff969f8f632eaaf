use serde::{Deserialize, Serialize};

/// How the per-minute quotas are metered. AWS does not document which of these it uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Meter {
    /// A token bucket that holds the rate times [`Model::burst`](crate::Model::burst) and refills continuously.
    #[default]
    Bucket,
    /// Fixed minutes from the simulator's start or reset.
    FixedMinute,
    /// The 60 seconds before each call.
    SlidingMinute,
}
