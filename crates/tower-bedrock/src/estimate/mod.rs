//! How many tokens a request is likely to have, before anybody has counted.
//!
//! `converse` and `body` walk a request by the `rules`; the `correction` is learned from answers.

pub(crate) mod body;
pub(crate) mod converse;
mod correction;
mod families;
mod json;
mod rules;
mod sketch;

pub(crate) use self::correction::Learned;
pub(crate) use self::sketch::Sketch;
