//! What is limited, and how much of it there is: `limit`, then the limits `limits_of`. An `amount`
//! is so much in each unit.

mod amount;
mod limit;
mod limits_of;
#[cfg(feature = "shared")]
mod serialized;
mod unit;

pub(crate) use self::amount::Amount;
pub use self::limit::Limit;
pub use self::limits_of::{Limits, LimitsOf};
#[cfg(feature = "shared")]
pub(crate) use self::serialized::LimitFields;
pub use self::unit::Unit;
