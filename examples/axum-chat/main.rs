//! A chat server: Amazon Bedrock through the tower-bedrock stack, served by axum.
//!
//! `cargo run --release -p axum-chat --example axum_chat`, then <http://127.0.0.1:3000>: against a
//! simulated Bedrock that it starts itself. `-- --aws --model ID` uses the real service and the default
//! credentials chain, and is billed. `-- load` has many callers ask it.

mod backend;
mod load;
mod signal;

use axum_chat::App;
use backend::{Backend, BackendFlags};
use clap::{Parser, Subcommand};
use load::LoadFlags;
use std::{error::Error, process::ExitCode, time::Duration};
use tokio::net::TcpListener;
use tower_bedrock::Bedrock;
use tracing_subscriber::EnvFilter;

/// A chat server with axum.
#[derive(Parser)]
struct Flags {
    #[command(subcommand)]
    command: Option<Command>,
    /// Where to listen; port 0 picks a free port.
    #[arg(long, default_value = "127.0.0.1:3000")]
    listen: String,
    /// The longest that a call may take, in seconds, and so a shutdown.
    #[arg(long, default_value = "60", value_parser = clap::value_parser!(u64).range(1..))]
    longest: u64,
    #[command(flatten)]
    backend: BackendFlags,
}

#[derive(Subcommand)]
enum Command {
    /// Starts a server of its own and has many callers ask it.
    Load(LoadFlags),
}

#[tokio::main]
async fn main() -> ExitCode {
    let flags = Flags::parse();
    let ended = match &flags.command {
        Some(Command::Load(load)) => load::run(load).await,
        None => serve(&flags).await.map(|()| true),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("axum_chat: {error}");
            ExitCode::from(2)
        }
    }
}

async fn serve(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let log = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(log)
        .with_writer(std::io::stderr)
        .init();
    axum_chat::install_metrics();
    let backend = Backend::start(&flags.backend).await?;
    let app = App::new(
        &backend.stack(),
        Bedrock::new(backend.config()),
        backend.models(),
        Duration::from_secs(flags.longest),
    );
    let listener = TcpListener::bind(&flags.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    println!("calling {}", backend.describe());
    axum_chat::serve(listener, app, signal::stop()).await?;
    Ok(())
}
