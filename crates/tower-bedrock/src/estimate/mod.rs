//! How many tokens a request is likely to have, before anybody has counted.
//!
//! `converse` and `body` walk a request by the `rules`; the `correction` is learned from answers.
//! Read `rules` first.

pub(crate) mod body;
pub(crate) mod converse;
mod correction;
mod estimate;
mod json;
mod rules;

pub(crate) use self::{correction::Correction, estimate::Estimate};
