use super::Prices;
use crate::response::Usage;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// What a cache saved, counted as it answers: a handle, whose clones show the same.
#[derive(Clone, Default)]
pub struct Savings {
    saved: Arc<Mutex<Saved>>,
}

/// What the answers saved that a cache gave in Bedrock's place, since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Saved {
    /// Answers out of the store, and those of another caller's call.
    pub answers: u64,
    /// The tokens that Bedrock would have charged for.
    pub usage: Usage,
    /// The price of these tokens, in the currency of the [`Prices`].
    pub money: f64,
    /// Answers of which no usage or no price is known, so that `money` has no part for them.
    pub unpriced: u64,
}

impl Savings {
    /// What was saved until now.
    #[must_use]
    pub fn snapshot(&self) -> Saved {
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, prices: &Prices, model_id: Option<&str>, usage: Option<Usage>) {
        let price = model_id.and_then(|model_id| prices.get(model_id));
        let money = price.zip(usage).map(|(price, usage)| price.of(&usage));
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        saved.answers += 1;
        saved.usage = saved.usage.saturating_add(usage.unwrap_or_default());
        saved.money += money.unwrap_or(0.0);
        saved.unpriced += u64::from(money.is_none());
    }
}

impl fmt::Debug for Savings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Savings").field(&self.snapshot()).finish()
    }
}
