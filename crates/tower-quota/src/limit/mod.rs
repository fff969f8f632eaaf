//! What is limited, and how much of it there is: `limit`, then the limits `limits_of`. An `amount`
//! is so much in each unit.

mod amount;
mod limit;
mod limits_of;
mod unit;

pub(crate) use self::amount::Amount;
pub use self::limit::Limit;
pub use self::limits_of::{Limits, LimitsOf};
pub use self::unit::Unit;
