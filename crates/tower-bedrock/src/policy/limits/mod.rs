//! Which quotas an account has, by Region and model, in code or in a file; and which model an ARN
//! stands for.
//!
//! Read `quotas`; for the file `format`, then `mistake`.

mod account_quotas;
#[cfg(feature = "toml")]
mod did_you_mean;
#[cfg(feature = "toml")]
mod error;
#[cfg(feature = "toml")]
mod file;
#[cfg(feature = "toml")]
mod format;
#[cfg(feature = "toml")]
mod mistake;
mod model_quota;
mod profiles;
mod quotas;

#[cfg(feature = "toml")]
pub use self::error::QuotasError;
pub use self::{
    account_quotas::AccountQuotas, model_quota::ModelQuota, profiles::Profiles, quotas::Quotas,
};
