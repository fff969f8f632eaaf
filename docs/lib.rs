//! The guides that are of several crates. Their code is compiled and run as tests of this package.

#[doc = include_str!("which-layer.md")]
pub mod which_layer {}

#[doc = include_str!("migrating-from-tower.md")]
pub mod migrating_from_tower {}

#[doc = include_str!("migrating-from-tower-resilience.md")]
pub mod migrating_from_tower_resilience {}
