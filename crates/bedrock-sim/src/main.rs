//! The `bedrock-sim` program.

mod cli;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use bedrock_sim::{Model, Script, Simulator};
use clap::Parser as _;

use crate::cli::{Arguments, DEFAULT_MODELS};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let mut simulator = Simulator::new()
        .seed(arguments.seed)
        .meter(arguments.meter())
        .latency(arguments.latency());
    if arguments.models.is_empty() {
        simulator = DEFAULT_MODELS
            .iter()
            .fold(simulator, |simulator, id| simulator.model(Model::new(*id)));
    }
    for model in arguments.models {
        simulator = simulator.model(model);
    }
    for word in arguments.guardrail_words {
        simulator = simulator.guardrail_word(word);
    }
    if let Some(path) = arguments.script {
        let complain = |why: &dyn std::fmt::Display| format!("script {}: {why}", path.display());
        let json = std::fs::read(&path).map_err(|why| complain(&why))?;
        simulator.load(Script::from_json(&json).map_err(|why| complain(&why))?);
    }
    simulator.script(arguments.faults);

    let stop = stop_signal().map_err(|why| format!("cannot wait for signals: {why}"))?;
    let server = simulator
        .serve(&arguments.listen)
        .await
        .map_err(|why| format!("cannot listen on {}: {why}", arguments.listen))?;
    announce(&server.url()).map_err(|why| format!("cannot write to stdout: {why}"))?;
    stop.await;
    server.shutdown().await;
    Ok(())
}

/// The address goes out at once: whoever started the program may be waiting for it on a pipe.
fn announce(url: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {url}")?;
    stdout.flush()
}

/// Completes on ctrl-c and, on Unix, on SIGTERM.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Completes on ctrl-c and, on Unix, on SIGTERM.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
