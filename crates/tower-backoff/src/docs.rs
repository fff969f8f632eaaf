//! Guides, one for each question that the front page leaves open.

#[doc = include_str!("../docs/which-wait.md")]
pub mod which_wait {}

#[doc = include_str!("../docs/budget.md")]
pub mod budget {}

#[doc = include_str!("../docs/http.md")]
pub mod http {}

#[doc = include_str!("../docs/stacking.md")]
pub mod stacking {}

#[doc = include_str!("../docs/telemetry-and-cost.md")]
pub mod telemetry_and_cost {}
