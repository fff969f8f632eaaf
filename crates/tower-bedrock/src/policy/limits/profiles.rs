use crate::model_id::one_name;
use std::{collections::BTreeMap, sync::Arc};

/// Which model or system profile each ARN stands for that does not say so: application inference
/// profiles, provisioned throughput, imported models, prompt routers.
///
/// A call of such an ARN then counts as one of what it stands for: in one ledger and one circuit,
/// with that model's burndown and maximum. An ARN with a capacity of its own, as provisioned
/// throughput has, is better left out, and given its own entries in [`Quotas`](super::Quotas),
/// [`Burndown`](crate::policy::Burndown) and [`MaxOutput`](crate::policy::MaxOutput).
///
/// ```
/// use tower_bedrock::policy::Profiles;
///
/// let team = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6";
/// let profiles = Profiles::new().with(team, "us.anthropic.claude-sonnet-4-5-20250929-v1:0");
/// assert_eq!(profiles.get(team), Some("us.anthropic.claude-sonnet-4-5-20250929-v1:0"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profiles {
    table: BTreeMap<Box<str>, Arc<str>>,
}

impl Profiles {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that `arn` stands for `model`: a model id, a system profile's id, or the ARN of either.
    ///
    /// A later entry for the same ARN replaces an earlier one.
    #[must_use]
    pub fn with(mut self, arn: impl Into<Box<str>>, model: impl AsRef<str>) -> Self {
        let model = one_name(model.as_ref()).into();
        self.table.insert(arn.into(), model);
        self
    }

    /// Adds the entries of `other`, which replace the same entries of this table.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.table.extend(other.table);
        self
    }

    /// The id of what `arn` stands for, if there is an entry for it.
    #[must_use]
    pub fn get(&self, arn: &str) -> Option<&str> {
        self.table.get(arn).map(|model| &**model)
    }

    /// As [`get`](Self::get), to keep.
    pub(crate) fn shared(&self, arn: &str) -> Option<Arc<str>> {
        self.table.get(arn).map(Arc::clone)
    }
}
