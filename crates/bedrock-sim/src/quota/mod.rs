//! What may a model id still spend, and what has it been charged? Read `account` and `ledger`,
//! then one of the meters: `bucket`, `fixed`, `sliding`.

mod account;
mod bucket;
mod fixed;
mod ledger;
mod limits;
mod meter;
mod metered_limit;
mod model_usage;
mod sliding;
mod throttled;
mod usage;

pub(crate) use self::{
    account::Account,
    ledger::{Quota, Ticket},
};
pub use self::{
    limits::Limits, meter::Meter, model_usage::ModelUsage, throttled::Throttled, usage::QuotaUsage,
};
