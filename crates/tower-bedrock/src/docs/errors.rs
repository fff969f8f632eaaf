// A page for each kind of error; `error::kind` has a test that none is missing.

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/throttled.md")]
pub mod throttled {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/exhausted.md")]
pub mod exhausted {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/capacity.md")]
pub mod capacity {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/transient.md")]
pub mod transient {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/timeout.md")]
pub mod timeout {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/truncated.md")]
pub mod truncated {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/deadline-exceeded.md")]
pub mod deadline_exceeded {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/invalid.md")]
pub mod invalid {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/access-denied.md")]
pub mod access_denied {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/circuit-open.md")]
pub mod circuit_open {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/not-cached.md")]
pub mod not_cached {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/quota-rejected.md")]
pub mod quota_rejected {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/closed.md")]
pub mod closed {}

#[doc = include_str!("links.md")]
#[doc = include_str!("../../docs/errors/other.md")]
pub mod other {}
