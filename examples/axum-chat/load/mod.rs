//! Many callers of a server in a process of its own, up to its end by SIGTERM.

mod caller;
mod memory;
mod outcome;
mod report;
mod server;

use caller::Callers;
use clap::Args;
use report::Report;
use server::Server;
use std::{error::Error, time::Duration};
use tokio::time::Instant;

/// What the load is made of.
#[derive(Args)]
pub(crate) struct LoadFlags {
    /// Callers at one time; half of them want JSON, half of them events.
    #[arg(long, default_value_t = 2000)]
    callers: u64,
    /// For how long they ask, in seconds.
    #[arg(long, default_value = "120", value_parser = clap::value_parser!(u64).range(2..))]
    seconds: u64,
    /// Requests per minute that the simulated Bedrock allows.
    #[arg(long, default_value_t = 20_000)]
    rpm: u64,
    /// The part of its calls that the simulated Bedrock lets fail, from 0 to 1.
    #[arg(long, default_value_t = 0.01)]
    faults: f64,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Whether nothing was lost that the stack can save, and the end was clean.
pub(crate) async fn run(flags: &LoadFlags) -> Result<bool, Box<dyn Error>> {
    let mut server = Server::start(flags).await?;
    eprintln!(
        "{} callers for {} s of {} …",
        flags.callers, flags.seconds, server.url
    );
    let memory = memory::watch(server.id());
    let callers = Callers::start(&server.url, flags.callers)?;
    tokio::time::sleep(Duration::from_secs(flags.seconds)).await;
    // They are in the midst of their calls.
    callers.ask_no_more();
    let stopped = Instant::now();
    let memory = memory.finish().await;
    let clean = server.stop().await;
    let shutdown = stopped.elapsed();
    let report = Report::of(flags, callers.finish().await, memory, clean, shutdown);
    report.print(flags.json)?;
    Ok(report.is_good())
}
