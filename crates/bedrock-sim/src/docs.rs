//! Guides, one for each question that the front page leaves open.

#[doc = include_str!("../docs/wire.md")]
pub mod wire {}

#[doc = include_str!("../docs/quotas.md")]
pub mod quotas {}

#[doc = include_str!("../docs/faults.md")]
pub mod faults {}

#[doc = include_str!("../docs/program.md")]
pub mod program {}
