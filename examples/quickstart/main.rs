//! Sends the same batch twice at one rate limit: through the plain SDK, then through the stack.
//!
//! `cargo run --release --example quickstart`: against a simulated Bedrock that it starts itself.
//! `-- --aws --model ID` uses the real service and the default credentials chain, and is billed.
//! `-- --stream` streams the answers, `-- --json` prints one JSON object.

mod calls;
mod measure;
mod report;
mod streams;
mod target;

use aws_sdk_bedrockruntime::{
    operation::converse::ConverseInput,
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};
use clap::Parser;
use examples::Target;
use report::Report;
use std::{
    error::Error,
    io::{self, Write},
    iter,
    num::NonZeroUsize,
    process::ExitCode,
};

/// The same batch through the plain SDK and through the tower-bedrock stack.
#[derive(Parser)]
struct Flags {
    /// Use the real Amazon Bedrock and the default credentials chain; the calls are billed.
    #[arg(long)]
    aws: bool,
    /// Model or inference profile to call.
    #[arg(long, default_value = "us.anthropic.claude-sonnet-4-5-20250929-v1:0")]
    model: String,
    /// Calls in the batch; one in five repeats an earlier one.
    #[arg(long, default_value_t = 150)]
    calls: usize,
    /// Calls under way at one time.
    #[arg(long, default_value = "50")]
    workers: NonZeroUsize,
    /// Requests per minute that the simulated Bedrock allows.
    #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u64).range(1..))]
    rpm: u64,
    /// Stream the answers. The simulated Bedrock throttles one stream in twenty inside of its 200, and
    /// cuts one in fifty off.
    #[arg(long)]
    stream: bool,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether the stack lost no call.
async fn run() -> Result<bool, Box<dyn Error>> {
    let flags = Flags::parse();
    let batch = batch(&flags)?;
    let (plain, stack) = if flags.stream {
        let plain = streams::plain(&flags, &batch).await?;
        (plain, streams::stack(&flags, &batch).await?)
    } else {
        let plain = calls::plain(&flags, &batch).await?;
        (plain, calls::stack(&flags, &batch).await?)
    };
    let report = Report {
        calls: batch.len(),
        plain,
        stack,
    };
    let mut out = io::stdout().lock();
    if flags.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        report.table(&mut out)?;
    }
    Ok(report.stack.failed == 0)
}

/// Every fifth call asks what an earlier one asked.
fn batch(flags: &Flags) -> Result<Vec<ConverseInput>, Box<dyn Error>> {
    let prompts = (0..flags.calls).map(|n| if n % 5 == 4 { n / 5 + n / 20 } else { n });
    let inputs = prompts.map(|n| {
        let message = Message::builder()
            .role(ConversationRole::User)
            .content(ContentBlock::Text(format!(
                "In one sentence: what is {n} squared?"
            )))
            .build()?;
        let limits = InferenceConfiguration::builder().max_tokens(512).build();
        let input = ConverseInput::builder()
            .model_id(&flags.model)
            .messages(message)
            .inference_config(limits)
            .build()?;
        Ok(input)
    });
    inputs.collect()
}

/// The SDK's error and what caused it, on one line.
fn causes(error: &dyn Error) -> String {
    let chain = iter::successors(Some(error), |&cause| cause.source());
    chain
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

impl Flags {
    fn announce(&self, through: &str, target: &Target) {
        let Self { calls, workers, .. } = self;
        let what = if self.stream { "streams" } else { "calls" };
        let to = target.describe();
        eprintln!("{calls} {what}, {workers} at a time, through {through}, to {to} …");
    }
}
