use super::{price_list::PriceList, savings::Savings};
use crate::response::Usage;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Reads what a cache has saved so far. Clones show the same. Made by
/// [`CachePolicy::savings`](super::CachePolicy::savings).
#[derive(Clone, Default)]
pub struct SavingsHandle {
    saved: Arc<Mutex<Savings>>,
}

impl SavingsHandle {
    /// What was saved until now.
    #[must_use]
    pub fn snapshot(&self) -> Savings {
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, prices: &PriceList, model_id: Option<&str>, usage: Option<Usage>) {
        let price = model_id.and_then(|model_id| prices.get(model_id));
        let money = price.zip(usage).map(|(price, usage)| price.of(&usage));
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        saved.answers += 1;
        saved.usage = saved.usage.saturating_add(usage.unwrap_or_default());
        saved.money += money.unwrap_or(0.0);
        saved.unpriced += u64::from(money.is_none());
    }
}

impl fmt::Debug for SavingsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavingsHandle")
            .field("snapshot", &self.snapshot())
            .finish()
    }
}
