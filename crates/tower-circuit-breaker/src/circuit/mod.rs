//! What does a circuit decide? Pure: no clock, no lock, no future.
//!
//! Read `circuit`, the state machine, then `trip_rules` (when does it open?), `open_time` (for how
//! long?), `half_open` (when does it close again?) and `ramp` (how many calls pass then?). Of the rules
//! the one for outages lives here: `outage_rule`, with the calls that it waits for, `sent_calls`, and
//! what it knows of the time that failures take, `failure_time`. The others count in a `window`.

mod admission;
mod circuit;
mod failure_time;
mod half_open;
mod open_time;
mod outage_rule;
mod ramp;
mod sent_calls;
mod trip_rules;

pub(crate) use self::admission::{Admission, Holds};
pub(crate) use self::circuit::{Circuit, Kept};
pub(crate) use self::trip_rules::OnSuccess;
