//! Guides, one for each question that the front page leaves open.

#[doc = include_str!("../docs/quota.md")]
pub mod quota {}

#[doc = include_str!("../docs/cache.md")]
pub mod cache {}

#[doc = include_str!("../docs/errors.md")]
pub mod errors {}

#[doc = include_str!("../docs/requests.md")]
pub mod requests {}

#[doc = include_str!("../docs/streams.md")]
pub mod streams {}

#[doc = include_str!("../docs/what-happens-when.md")]
pub mod what_happens_when {}
