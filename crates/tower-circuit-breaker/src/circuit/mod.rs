//! What does a circuit decide? Pure: no clock, no lock, no future. Read `circuit`, the state
//! machine, then `trip_rules` (when does it open?), `open_time` (for how long?) and `half_open`
//! (when does it close again?).

mod admission;
mod circuit;
mod half_open;
mod open_time;
mod state;
mod trip_rules;

pub(crate) use self::admission::Admission;
pub(crate) use self::circuit::Circuit;
pub use self::state::State;
pub(crate) use self::trip_rules::OnSuccess;
