use super::model_quota::ModelQuota;
use std::{collections::BTreeMap, sync::Arc};
use tower_quota::{Limits, LimitsOf};

/// The quotas of an account: which [`ModelQuota`] each model has in each Region.
///
/// An entry is for the full id or ARN that requests name: an inference profile such as `us.…` or
/// `global.…` has quotas of its own. A Region's entry overrides the general one. The limits of a
/// model without an entry are found by probing.
///
/// ```
/// use tower_bedrock::policy::{ModelQuota, Quotas};
///
/// let quotas = Quotas::new()
///     .model(
///         "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
///         ModelQuota::new().tokens_per_minute(200_000).requests_per_minute(200),
///     )
///     .model_in(
///         "eu-west-1",
///         "eu.amazon.nova-micro-v1:0",
///         ModelQuota::new().tokens_per_minute(4_000_000),
///     );
/// # let _ = quotas;
/// ```
///
/// `aws service-quotas list-service-quotas --service-code bedrock` lists the quotas of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quotas {
    pub(super) models: Models,
    pub(super) regions: BTreeMap<Box<str>, Models>,
}

pub(super) type Models = BTreeMap<Box<str>, ModelQuota>;

impl Quotas {
    /// An empty table: all limits are found by probing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the quota of `model` in each Region that has no quota of its own for it.
    ///
    /// A later entry for the same model replaces an earlier one.
    #[must_use]
    pub fn model(mut self, model: impl Into<Box<str>>, quota: ModelQuota) -> Self {
        self.models.insert(model.into(), quota);
        self
    }

    /// Sets the quota of `model` in `region`, such as `"eu-west-1"`: the Region that calls are
    /// sent to, wherever a profile has them answered.
    #[must_use]
    pub fn model_in(
        mut self,
        region: impl Into<Box<str>>,
        model: impl Into<Box<str>>,
        quota: ModelQuota,
    ) -> Self {
        let models = self.regions.entry(region.into()).or_default();
        models.insert(model.into(), quota);
        self
    }

    /// Adds the entries of `other`, which replace the same entries of this table as a whole.
    ///
    /// A Region's entry still overrides a general one, whichever table each is from.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.models.extend(other.models);
        for (region, models) in other.regions {
            self.regions.entry(region).or_default().extend(models);
        }
        self
    }

    /// The quota of `model` in `region`, if there is an entry for it.
    #[must_use]
    pub fn get(&self, region: &str, model: &str) -> Option<ModelQuota> {
        let in_region = self
            .regions
            .get(region)
            .and_then(|models| models.get(model));
        in_region.or_else(|| self.models.get(model)).copied()
    }

    /// The limits of `model` in `region`, or [`Limits::unknown`].
    #[must_use]
    pub fn limits(&self, region: &str, model: &str) -> Limits {
        self.get(region, model)
            .map_or_else(Limits::unknown, |quota| quota.limits())
    }
}

/// For keys `"region/model"`. An ARN may have slashes of its own.
impl LimitsOf<Arc<str>> for Quotas {
    fn limits(&self, key: &Arc<str>) -> Limits {
        match key.split_once('/') {
            Some((region, model)) => self.limits(region, model),
            None => Limits::unknown(),
        }
    }
}
