//! Several Regions, each a simulator with a quota, a prompt cache and faults of its own: what an
//! application gets out of them by each way to use them.

mod chat;
mod ended;
mod flags;
mod part;
mod plan;
mod report;
mod row;
mod run;
mod used;
mod way;

use std::io;

use self::way::Way;
pub(crate) use self::{flags::RegionFlags, plan::Plan, report::Report};
use crate::flags::Flags;

/// What each asked part is made of, or why it cannot be.
pub(crate) fn plans(flags: &Flags) -> Result<Vec<Plan>, String> {
    let parts = flags.regions.parts();
    let plans = parts.into_iter().map(|part| Plan::new(part, flags));
    plans.collect()
}

/// Runs all parts, one after the other.
pub(crate) fn all(plans: Vec<Plan>, ways: &[Way]) -> io::Result<Report> {
    let mut report = Report::default();
    for plan in plans {
        let runs = run::all(&plan, ways)?;
        report.add(plan, &runs);
    }
    Ok(report)
}
