//! Strategies against one simulated quota, side by side, in virtual time.
//!
//! `cargo run --release --example throttle_lab` prints a table, `-- --json` one JSON object, and
//! `-- --plot FILE.svg` draws it. `docs/how-it-measures.md` says what is measured.

mod batch;
mod bursts;
mod fault;
mod flags;
mod ideal;
mod lasting;
mod neighbour;
mod network;
mod oracle;
mod plot;
mod regions;
mod report;
mod run;
mod scenario;
mod server;
mod strategy;

use std::{
    error::Error,
    fmt::Display,
    fs::{self, OpenOptions},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, error::ErrorKind};
use serde::Serialize;

use crate::{batch::Batch, flags::Flags, ideal::Ideal, report::Report};

fn main() -> ExitCode {
    let flags = Flags::parse();
    match run(&flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("throttle_lab: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(flags: &Flags) -> Result<(), Box<dyn Error>> {
    if flags.has_regions() {
        let plans = regions::plans(flags).unwrap_or_else(|why| refuse(why));
        return print(flags, &regions::all(plans, &flags.regions.ways())?);
    }
    let scenario = flags.scenario().unwrap_or_else(|why| refuse(why));
    if let Some(file) = &flags.plot {
        // A file that cannot be written fails before the work and not after it.
        let open = OpenOptions::new().create(true).append(true).open(file);
        open.map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let batch = Batch::draw(&scenario)?;
    if let Some(lasts) = scenario.lasts {
        let runs = lasting::all(&scenario, lasts, &batch, &flags.strategies(true))?;
        let report = lasting::Report::new(&scenario, lasts, &batch, &runs);
        return print(flags, &report);
    }
    let ideal = Ideal::new(&scenario, batch.charge);
    let runs = run::all(&scenario, &batch, &ideal, &flags.strategies(false))?;
    let oracle = oracle::run(&scenario, &batch, &ideal);
    let report = Report::new(&scenario, &ideal, &oracle, &runs);
    print(flags, &report)?;
    if let Some(file) = &flags.plot {
        fs::write(file, plot::svg(&scenario, &ideal, &oracle, &runs))
            .map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

/// Ends the program as for flags that clap refuses.
fn refuse(why: String) -> ! {
    Flags::command()
        .error(ErrorKind::ValueValidation, why)
        .exit()
}

fn print(flags: &Flags, report: &(impl Serialize + Display)) -> Result<(), Box<dyn Error>> {
    if flags.json {
        println!("{}", serde_json::to_string(report)?);
    } else {
        print!("{report}");
    }
    Ok(())
}
