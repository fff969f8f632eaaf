//! What a call costs of Bedrock's quota, before and after it is made.
//!
//! Read `token_cost` and `accounting`, then `forecast` for the reservation and `settle` and `later` for the end.

mod accounting;
mod burndown;
mod forecast;
mod later;
mod max_output;
mod rates;
mod settings;
mod settle;
mod throttle_run;
mod token_cost;

#[cfg(test)]
pub(super) use self::settle::failed;
pub use self::{
    burndown::Burndown,
    forecast::Forecast,
    max_output::MaxOutput,
    token_cost::{TokenCost, quota_layer},
};
