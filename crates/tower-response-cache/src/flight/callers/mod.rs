//! Who drives the call of a flight, who waits for it, and who takes it over?
//!
//! [`table`] is the pure part, [`flights`] what the callers hold of it.

pub(crate) mod flights;
mod table;
pub(crate) mod work;
