//! Which requests are the same, which answers are worth keeping, and what that saves.
//!
//! Read `policy` and `decisions`, then `key` for what makes requests the same.

mod answer;
mod answer_codec;
mod context;
mod decisions;
mod keep_rule;
mod key;
mod names;
mod policy;
mod price;
mod price_list;
mod recorded_streams;
mod savings;
mod savings_handle;
mod scope;
mod stream_end;

pub use self::{
    answer::Answer,
    context::CacheContext,
    key::CacheKey,
    policy::{CachePolicy, response_cache_layer},
    price::Price,
    price_list::PriceList,
    savings::Savings,
    savings_handle::SavingsHandle,
    scope::CacheScope,
};
pub use crate::record::Replay;
