//! Guides, one for each question that the front page leaves open.
//!
//! In the files the guides link to each other as files, for those who read them in the repository.
//! Here `links.md` comes before each of them, and a first definition wins.

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/at-the-limit.md")]
pub mod at_the_limit {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/brownouts.md")]
pub mod brownouts {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/cache.md")]
pub mod cache {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/errors.md")]
pub mod errors;

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/max-tokens.md")]
pub mod max_tokens {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/migrating-from-the-sdk.md")]
pub mod migrating_from_the_sdk {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/quota.md")]
pub mod quota {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/regions.md")]
pub mod regions {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/requests.md")]
pub mod requests {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/several-processes.md")]
pub mod several_processes {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/streams.md")]
pub mod streams {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/telemetry.md")]
pub mod telemetry {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/testing.md")]
#[cfg_attr(not(feature = "test-util"), allow(rustdoc::broken_intra_doc_links))]
pub mod testing {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/web-servers.md")]
pub mod web_servers {}

#[doc = include_str!("docs/links.md")]
#[doc = include_str!("../docs/what-happens-when.md")]
pub mod what_happens_when {}
