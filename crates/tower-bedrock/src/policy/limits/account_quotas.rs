use super::profiles::Profiles;
use std::sync::Arc;
use tower_quota::{Limit, Limits, LimitsOf};

/// What a [`StackLayer`](crate::StackLayer) is told of an account's quotas: the limits of each
/// `"region/model"`, and what goes beyond one model.
///
/// [`Quotas`](super::Quotas) tells all of it. A [`Limit`], an array of them or [`Limits`] are each
/// model's; a closure `Fn(&Arc<str>) -> Limits` tells models apart. These tell nothing of the rest.
pub trait AccountQuotas: LimitsOf<Arc<str>> {
    /// Which model each ARN stands for. Default: nothing is known.
    fn profiles(&self) -> Profiles {
        Profiles::new()
    }

    /// The limits of all models together in `region`. Default: there are none.
    fn all_models(&self, region: &str) -> Option<Limits> {
        let _ = region;
        None
    }
}

impl AccountQuotas for Limits {}

impl AccountQuotas for Limit {}

impl<const N: usize> AccountQuotas for [Limit; N] {}

impl<F: Fn(&Arc<str>) -> Limits> AccountQuotas for F {}
