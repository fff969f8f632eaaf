//! What does a circuit decide? Pure: no clock, no lock, no future. Read `circuit` first, then
//! `open_time`.

mod circuit;
mod open_time;
mod state;

pub(crate) use self::circuit::{Admission, Circuit, OnSuccess};
pub use self::state::State;
