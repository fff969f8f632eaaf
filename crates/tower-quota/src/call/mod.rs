//! What a call asks for, and what it came to: `ask` with its `priority`, then `settle` and
//! `throttle`.

mod ask;
mod priority;
mod settle;
mod throttle;

pub use self::ask::Ask;
pub use self::priority::Priority;
pub use self::settle::Settle;
pub use self::throttle::Throttle;
