//! What a stack shares with other processes: nothing without the feature `fleet`.

use super::{CacheLayer, TokenQuotaLayer};
#[cfg(feature = "fleet")]
use crate::fleet::Fleet;

#[derive(Clone, Default)]
pub(super) struct Shared {
    #[cfg(feature = "fleet")]
    pub(super) fleet: Option<Fleet>,
}

impl Shared {
    /// That cache, as one of the fleet's if there is a fleet.
    #[cfg_attr(not(feature = "fleet"), expect(clippy::unused_self))]
    #[track_caller]
    pub(super) fn cache(&self, cache: CacheLayer) -> CacheLayer {
        #[cfg(feature = "fleet")]
        if let Some(fleet) = &self.fleet {
            return fleet.cache(cache);
        }
        cache
    }

    /// That quota, as one of the fleet's if there is a fleet.
    #[cfg_attr(not(feature = "fleet"), expect(clippy::unused_self))]
    #[track_caller]
    pub(super) fn quota(&self, quota: TokenQuotaLayer) -> TokenQuotaLayer {
        #[cfg(feature = "fleet")]
        if let Some(fleet) = &self.fleet {
            return fleet.quota(quota);
        }
        quota
    }
}
