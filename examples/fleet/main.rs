//! Processes that share one quota through Redis, and what one process makes of the same calls.
//!
//! `cargo run --release -p fleet-example --example fleet` starts a simulated Bedrock, a Redis of its own and eight
//! processes, each with the real SDK client under the whole stack. `-- --json` prints one JSON object.

mod crew;
mod flags;
mod load;
mod member;
mod order;
mod outage;
mod plot;
mod queue;
mod report;
mod server;
mod traffic;

use std::{error::Error, fs, process::ExitCode};

use clap::Parser;

use crate::{
    crew::{Crew, Run},
    flags::Flags,
    order::Way,
    report::Report,
    server::Server,
};

fn main() -> ExitCode {
    let flags = Flags::parse();
    // A member waits for answers and does little else; the simulator serves all of them.
    let mut runtime = match flags.member {
        true => tokio::runtime::Builder::new_current_thread(),
        false => tokio::runtime::Builder::new_multi_thread(),
    };
    let result = runtime
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| {
            runtime.block_on(async {
                match flags.member {
                    true => member::run().await.map(|()| true),
                    false => until_told(run(&flags)).await,
                }
            })
        });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fleet: {error}");
            ExitCode::from(2)
        }
    }
}

/// Ends early where the program is told to, so that no server or process is left behind.
async fn until_told(
    work: impl Future<Output = Result<bool, Box<dyn Error>>>,
) -> Result<bool, Box<dyn Error>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
        _ = terminated.recv() => Err("terminated".into()),
    }
}

/// Whether the fleet lost no call.
async fn run(flags: &Flags) -> Result<bool, Box<dyn Error>> {
    if let Some(file) = &flags.svg {
        // A file that cannot be written fails before the work and not after it.
        fs::write(file, "").map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let server = Server::start(flags.redis.as_deref()).await?;
    let plan = flags.plan();
    let crew = |way| Crew::new(&plan, way, &server);
    let fleet = announced(&plan, crew(Way::Fleet)).await?;
    let one = match flags.skip_one {
        true => None,
        false => Some(announced(&plan, crew(Way::One)).await?),
    };
    let apart = match flags.without_fleet {
        true => Some(announced(&plan, crew(Way::Apart)).await?),
        false => None,
    };
    let report = Report::new(&plan, &fleet, one.as_ref(), apart.as_ref());
    if let Some(file) = &flags.svg {
        fs::write(file, plot::svg(&fleet))
            .map_err(|error| format!("{}: {error}", file.display()))?;
    }
    match flags.json {
        true => println!("{}", serde_json::to_string(&report)?),
        false => print!("{report}\n{}", plot::rows(&fleet)),
    }
    Ok(report.lost_nothing())
}

async fn announced(plan: &flags::Plan, crew: Crew<'_>) -> Result<Run, Box<dyn Error>> {
    eprintln!("{} calls by {} …", plan.calls, crew.describe());
    let run = crew.work().await?;
    if let Some(error) = &run.first_error {
        eprintln!("  first failure: {error}");
    }
    Ok(run)
}
