use super::{account_quotas::AccountQuotas, model_quota::ModelQuota, profiles::Profiles};
use crate::model_id::one_name;
use std::{collections::BTreeMap, sync::Arc};
use tower_quota::{Limit, Limits, LimitsOf};

/// The quotas of an account: which [`ModelQuota`] each model has in each Region, and what all
/// models have together.
///
/// An entry is for the full id that requests name: an inference profile such as `us.…` or
/// `global.…` has quotas of its own. It is one entry however it is spelled, by the id or by the ARN.
/// A Region's entry overrides the general one. The limits of a model without an entry are found by
/// probing.
///
/// ```
/// use tower_bedrock::policy::{ModelQuota, Quotas};
///
/// let quotas = Quotas::new()
///     .model(
///         "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
///         ModelQuota::new().tokens_per_minute(200_000),
///     )
///     .model_in(
///         "eu-west-1",
///         "eu.amazon.nova-micro-v1:0",
///         ModelQuota::new().tokens_per_minute(4_000_000),
///     )
///     .tokens_per_day(500_000_000);
/// # let _ = quotas;
/// ```
///
/// `aws service-quotas list-service-quotas --service-code bedrock` lists the quotas of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quotas {
    pub(super) models: Models,
    pub(super) regions: BTreeMap<Box<str>, Models>,
    pub(super) tokens_per_day: Option<u64>,
    pub(super) tokens_per_day_in: BTreeMap<Box<str>, u64>,
    pub(super) profiles: Profiles,
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
        self.models.insert(named(model.into()), quota);
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
        models.insert(named(model.into()), quota);
        self
    }

    /// Sets how many tokens a day all models together may cost, in each Region that has no value of
    /// its own: AWS's "cross-model max tokens per day" of an account and Region. Default: not
    /// limited.
    ///
    /// A call must fit this limit and its model's.
    #[must_use]
    pub fn tokens_per_day(mut self, tokens: u64) -> Self {
        self.tokens_per_day = Some(tokens);
        self
    }

    /// Sets how many tokens a day all models together may cost in `region`.
    #[must_use]
    pub fn tokens_per_day_in(mut self, region: impl Into<Box<str>>, tokens: u64) -> Self {
        self.tokens_per_day_in.insert(region.into(), tokens);
        self
    }

    /// Says which model or system profile an ARN stands for; see [`Profiles::with`].
    #[must_use]
    pub fn profile(mut self, arn: impl Into<Box<str>>, model: impl AsRef<str>) -> Self {
        self.profiles = self.profiles.with(arn, model);
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
        self.tokens_per_day = other.tokens_per_day.or(self.tokens_per_day);
        self.tokens_per_day_in.extend(other.tokens_per_day_in);
        self.profiles = self.profiles.merge(other.profiles);
        self
    }

    /// The quota of `model` in `region`, if there is an entry for it or for what it stands for.
    #[must_use]
    pub fn get(&self, region: &str, model: &str) -> Option<ModelQuota> {
        let model = one_name(self.profiles.get(model).unwrap_or(model));
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

/// For keys `"region/model"`, and `"region"` for all models together. An ARN may have slashes of its
/// own.
impl LimitsOf<Arc<str>> for Quotas {
    fn limits(&self, key: &Arc<str>) -> Limits {
        match key.split_once('/') {
            Some((region, model)) => self.limits(region, model),
            None => self.all_models(key).unwrap_or_else(Limits::unknown),
        }
    }
}

impl AccountQuotas for Quotas {
    fn profiles(&self) -> Profiles {
        self.profiles.clone()
    }

    fn all_models(&self, region: &str) -> Option<Limits> {
        let in_region = self.tokens_per_day_in.get(region).copied();
        let tokens = in_region.or(self.tokens_per_day)?;
        Some(Limit::tokens_per_day(tokens).into())
    }
}

fn named(model: Box<str>) -> Box<str> {
    match one_name(&model) {
        name if name.len() == model.len() => model,
        name => name.into(),
    }
}
