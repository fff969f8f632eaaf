//! Who drives the call of a flight, who waits for it, and who takes it over?
//!
//! Read [`flight_table`] first: it has the flights and the waiters as plain data. A caller that
//! [joins](join) a flight waits for a [`message`] or gets the [`lead`]; [`take_over`] is how the one
//! becomes the other.

mod background;
mod flight_table;
mod join;
mod lead;
mod locked_table;
mod message;
mod take_over;
mod work;
mod written;

pub(crate) use self::join::{GoesOn, Joined, Wait, Waited};
pub(crate) use self::locked_table::{Key, LockedTable, Value};
pub(crate) use self::{
    background::Background, flight_table::Ended, flight_table::FlightTable, lead::Lead,
    message::Waiter, work::Driven, written::Write, written::WriteEnd, written::Written,
};
