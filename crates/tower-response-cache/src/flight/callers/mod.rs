//! Who drives the call of a flight, who waits for it, and who takes it over?
//!
//! [`table`] is the pure part, [`shared_table`] what the callers hold of it.

pub(crate) mod shared_table;
mod table;
pub(crate) mod work;
