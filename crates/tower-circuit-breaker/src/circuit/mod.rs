//! What does a circuit decide? Pure: no clock, no lock, no future. Read `circuit`, the state
//! machine, then `trip_rules` (when does it open?), `opened_by` (why?), `open_time` (for how long?) and `half_open`
//! (when does it close again?).

mod admission;
mod circuit;
mod half_open;
mod open_time;
mod opened_by;
mod state;
mod trip_rules;

pub(crate) use self::admission::Admission;
pub(crate) use self::circuit::{Circuit, Kept};
pub use self::opened_by::OpenedBy;
pub use self::state::State;
pub(crate) use self::trip_rules::OnSuccess;
