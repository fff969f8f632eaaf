//! What is limited, and how much of it there is: `limit`, then the limits `of_key`. An `amount`
//! is so much in each unit.

mod amount;
mod limit;
mod of_key;
mod unit;

pub(crate) use self::amount::Amount;
pub use self::limit::Limit;
pub use self::of_key::{Limits, LimitsOf};
pub use self::unit::Unit;
