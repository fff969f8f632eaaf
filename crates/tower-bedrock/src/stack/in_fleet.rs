use super::{CacheLayer, Off, StackLayer, TokenQuotaLayer};
use crate::fleet::Fleet;

/// A layer that processes can share, or the place of one. Sealed, as nobody outside can name this trait.
pub trait InFleet: Sized {
    #[track_caller]
    fn in_fleet(self, fleet: &Fleet) -> Self;
}

impl InFleet for CacheLayer {
    fn in_fleet(self, fleet: &Fleet) -> Self {
        fleet.cache(self)
    }
}

impl InFleet for TokenQuotaLayer {
    fn in_fleet(self, fleet: &Fleet) -> Self {
        fleet.quota(self)
    }
}

impl InFleet for Off {
    fn in_fleet(self, _: &Fleet) -> Self {
        self
    }
}

impl<C: InFleet, B, Q: InFleet> StackLayer<C, B, Q> {
    /// Shares the quota and the cache with the other processes of `fleet`. Default: each process has its own.
    ///
    /// Their calls wait in one line for one quota, as if one process made them all, and what one of them has
    /// learned of it they all know. What one was answered is a hit for all, equal calls at one time are one call, and
    /// what one invalidates is gone for all. What each thinks of failures stays its own: its circuits, its
    /// retries, the Regions that it goes past. The guide `docs/several-processes.md` tells what is exact and what
    /// is not, and what happens without the server.
    ///
    /// It may stand before or after the knobs that give a cache or quotas. Layers that are
    /// [left out](Self::without_quota) are not shared.
    ///
    /// # Panics
    ///
    /// As every knob, if it is given twice, and where somebody has a handle or a clone already of a cache or a
    /// quota that is given beside it.
    #[cfg_attr(docsrs, doc(cfg(feature = "fleet")))]
    #[must_use]
    #[track_caller]
    pub fn fleet(mut self, fleet: Fleet) -> Self {
        let is_first = self.knobs().shared.fleet.is_none();
        assert!(is_first, "`fleet` of a `StackLayer` is given once");
        self.layers.cache.layer = self.layers.cache.layer.in_fleet(&fleet);
        self.layers.quota.layer = self.layers.quota.layer.in_fleet(&fleet);
        self.layers.shared.fleet = Some(fleet);
        self
    }
}
