//! Who drives the call of a flight, who waits for it, and who takes it over?
//!
//! Read [`table`] first: it has the flights and the waiters as plain data. A caller holds a [`lead`] or
//! a [`wait`]; [`take_over`] is how the one becomes the other.

mod background;
mod lead;
mod shared_table;
mod table;
mod take_over;
mod wait;
mod waiter;
mod work;

pub(crate) use self::shared_table::{Key, SharedTable, Value};
pub(crate) use self::wait::{Joined, Wait, Waited};
pub(crate) use self::{
    background::Background, lead::Lead, table::Ended, table::FlightTable, waiter::Waiter,
};
