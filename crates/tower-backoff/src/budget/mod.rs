//! What may retries cost? `budget` is told, `ledger` counts.

mod budget;
mod ledger;

pub use self::budget::Budget;
pub(crate) use self::ledger::Ledger;
