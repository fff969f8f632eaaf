//! Guides, one for each question that the front page leaves open.

#[doc = include_str!("../docs/when-it-trips.md")]
pub mod when_it_trips {}

#[doc = include_str!("../docs/outages.md")]
pub mod outages {}

#[doc = include_str!("../docs/when-it-closes.md")]
pub mod when_it_closes {}

#[doc = include_str!("../docs/http.md")]
pub mod http {}

#[doc = include_str!("../docs/stacking.md")]
pub mod stacking {}

#[doc = include_str!("../docs/telemetry-and-cost.md")]
pub mod telemetry_and_cost {}
