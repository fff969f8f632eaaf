//! What is limited, and how much of it there is: `limit`, then the limits `of_key`. An `amount`
//! is so much in each unit.

mod amount;
mod limit;
mod of_key;

pub(crate) use self::amount::Amount;
pub(crate) use self::limit::{Burst, Source};
pub use self::limit::{Limit, Unit};
pub use self::of_key::{Limits, LimitsOf};
