//! Guides, one for each question that the front page leaves open.

#[doc = include_str!("../docs/what-is-kept.md")]
pub mod what_is_kept {}

#[doc = include_str!("../docs/who-makes-the-call.md")]
pub mod who_makes_the_call {}

#[doc = include_str!("../docs/remote-store.md")]
pub mod remote_store {}

#[doc = include_str!("../docs/http.md")]
pub mod http {}

#[doc = include_str!("../docs/stacking.md")]
pub mod stacking {}

#[doc = include_str!("../docs/telemetry-and-cost.md")]
pub mod telemetry_and_cost {}
