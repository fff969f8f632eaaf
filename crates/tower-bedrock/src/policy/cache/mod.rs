//! Which requests are the same, which answers are worth keeping, and what that saves.

mod answer;
mod key;
mod policy;
mod price;
mod prices;
mod savings;
mod scope;

pub use self::{
    answer::Answer,
    key::CacheKey,
    policy::{CacheContext, CachePolicy, response_cache_layer},
    price::Price,
    prices::Prices,
    savings::{Saved, Savings},
    scope::CacheScope,
};
