//! What may a model id still spend, and what has it been charged? Read `ledger`, then one meter.

mod bucket;
mod fixed;
pub(crate) mod ledger;
mod sliding;
mod usage;

pub use self::{
    ledger::Meter,
    usage::{Limits, ModelUsage, QuotaUsage, Throttled},
};
