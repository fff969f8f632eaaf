//! What a layer costs per call, beside tower's own and tower-resilience's, in one process.
//!
//! `cargo run --release --example overhead` prints a table, `-- --json` one JSON object. The
//! package's README says how it measures; `instructions.sh` counts instructions instead of time.

mod cases;
mod immediate;
mod measure;
mod report;

use std::num::NonZeroU32;

use clap::{Parser, builder::PossibleValuesParser};

use crate::{measure::Implementation, report::Report};

/// Nanoseconds and allocations per call of each layer, beside tower and tower-resilience.
#[derive(Parser)]
struct Flags {
    /// Measure these cases only.
    #[arg(long, num_args = 1.., value_name = "NAME", value_parser = PossibleValuesParser::new(cases::names()))]
    case: Vec<String>,
    /// Measure these implementations only.
    #[arg(long = "impl", num_args = 1.., value_name = "IMPL")]
    implementation: Vec<Implementation>,
    /// Rounds, of which the median is reported.
    #[arg(long, default_value = "25")]
    rounds: NonZeroU32,
    /// Calls per round.
    #[arg(long, default_value = "100000")]
    calls: NonZeroU32,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

fn main() -> serde_json::Result<()> {
    let flags = Flags::parse();
    let mut rows = Vec::new();
    for (name, make) in cases::ALL {
        if !flags.case.is_empty() && !flags.case.iter().any(|case| case == name) {
            continue;
        }
        let mut candidates = make();
        candidates.retain(|candidate| {
            flags.implementation.is_empty()
                || flags.implementation.contains(&candidate.implementation)
        });
        rows.extend(measure::rows(
            name,
            &mut candidates,
            flags.rounds.get(),
            flags.calls.get(),
        ));
    }
    let report = Report::new(rows);
    if flags.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}
