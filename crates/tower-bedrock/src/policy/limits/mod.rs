//! Which quotas an account has.

#[cfg(feature = "toml")]
mod did_you_mean;
#[cfg(feature = "toml")]
mod error;
#[cfg(feature = "toml")]
mod file;
mod quota;
mod quotas;

#[cfg(feature = "toml")]
pub use self::error::QuotasError;
pub use self::{quota::Quota, quotas::Quotas};
