//! Workers that go on for a time, whatever becomes of their calls: what they get out of a service
//! that fails in part, or wholly for a while.

mod report;
mod run;

pub(crate) use self::{report::Report, run::all};
