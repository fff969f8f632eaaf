//! What a call costs of Bedrock's quota.

mod burndown;
mod forecast;
mod max_output;
mod rates;
mod settings;
mod settle;
mod throttle_run;
mod token_cost;

pub use self::{
    burndown::Burndown,
    forecast::Forecast,
    max_output::MaxOutput,
    token_cost::{TokenCost, quota_layer},
};
