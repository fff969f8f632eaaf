//! What a layer costs per call, beside tower's own and tower-resilience's, in one process.
//!
//! `cargo run --release --example overhead` prints a table, `-- --json` one JSON object.
//! `docs/how-it-measures.md` says what each case is; `instructions.sh` counts instructions instead.

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
    #[arg(long, default_value = "101")]
    rounds: NonZeroU32,
    /// Calls per round; five times as many where threads meet.
    #[arg(long, default_value = "10000")]
    calls: NonZeroU32,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

fn main() -> serde_json::Result<()> {
    let flags = Flags::parse();
    let wanted =
        |case: &str| flags.case.is_empty() || flags.case.iter().any(|wanted| wanted == case);
    let mut candidates = Vec::new();
    for (case, make) in cases::ALL.iter().filter(|(case, _)| wanted(case)) {
        candidates.extend(make().into_iter().map(|candidate| (*case, candidate)));
    }
    candidates.retain(|(_, candidate)| {
        flags.implementation.is_empty() || flags.implementation.contains(&candidate.implementation)
    });
    let rows = measure::rows(candidates, flags.rounds.get(), flags.calls.get());
    let report = Report::new(rows);
    if flags.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}
