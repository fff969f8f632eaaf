//! What does a result say about the service? Read `classify`, then `verdict`; `throttles` and
//! `abandoned` are what users choose where it can be seen either way.

mod abandoned;
mod classify;
mod throttles;
mod verdict;

pub use self::abandoned::Abandoned;
pub use self::classify::Classify;
pub use self::throttles::Throttles;
pub use self::verdict::Verdict;
