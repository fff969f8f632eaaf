//! Runs a file of prompts through the stack and writes one answer per record.
//!
//! `cargo run --release --example batch -- INPUT.jsonl OUTPUT.jsonl`: against a simulated Bedrock;
//! `--aws --model ID` uses the real service and the default credentials chain, and is billed.
//!
//! INPUT is in Bedrock's batch format, one JSON object per line, `{"recordId": …, "modelInput": …}`
//! for InvokeModel or `{"recordId": …, "converse": …}` for Converse; or plain text, one prompt per
//! line. Equal records share one answer, from the cache. A run that was killed goes on where it stopped when it is started again; `--retry-failed`
//! takes up the records that failed.

mod converse;
mod input;
mod output;
mod record;

use aws_sdk_bedrockruntime::config;
use bedrock_sim::{Latency, Model, Simulator};
use clap::Parser;
use examples::{Target, Throttles};
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use input::{Format, Input};
use output::Output;
use record::{Answer, Failure, Record};
use std::{error::Error, num::NonZeroUsize, path::PathBuf, process::ExitCode, time::Duration};
use tower::Layer;
use tower_bedrock::{
    Bedrock, Stack, StackLayer,
    policy::{ModelQuota, Quotas, RetryPolicy, TokenCost},
};

/// Run a file of prompts through the stack; resumes where an earlier run stopped.
#[derive(Parser)]
struct Flags {
    /// Records to run: Bedrock's batch format, or one prompt per line.
    input: PathBuf,
    /// Where the answers go, one JSON object per line. What is there already is not run again, so
    /// name one for each model.
    output: PathBuf,
    /// How to read INPUT.
    #[arg(long, value_enum, default_value = "auto")]
    format: Format,
    /// Run the records again that an earlier run could not get an answer for.
    #[arg(long)]
    retry_failed: bool,
    /// Use the real Amazon Bedrock and the default credentials chain; the calls are billed.
    #[arg(long)]
    aws: bool,
    /// Model or inference profile to call.
    #[arg(long, default_value = "us.anthropic.claude-sonnet-4-5-20250929-v1:0")]
    model: String,
    /// Tokens that the answer to a plain-text prompt may have.
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(i32).range(1..))]
    max_tokens: i32,
    /// Calls under way at one time.
    #[arg(long, default_value = "32")]
    workers: NonZeroUsize,
    /// Minutes after which a record that is still throttled is given up.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=10_080))]
    give_up_after: u64,
    /// Requests per minute that the simulated Bedrock allows.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    rpm: u64,
    /// Tokens per minute that the simulated Bedrock allows.
    #[arg(long, default_value_t = 400_000, value_parser = clap::value_parser!(u64).range(1..))]
    tpm: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Flags::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("batch: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether every line was well-formed and every record of it answered.
async fn run(flags: &Flags) -> Result<bool, Box<dyn Error>> {
    let Input { records, malformed } = Input::read(&flags.input, flags.format, flags.max_tokens)?;
    for line in &malformed {
        eprintln!("{}: {line}", flags.input.display());
    }
    let mut output = Output::resume(&flags.output, flags.retry_failed)?;
    let found = records.len();
    let records = output.without_done(records);
    let target = target(flags).await?;
    let throttles = Throttles::default();
    let stack = stack(flags, &target, &throttles);

    eprintln!(
        "{} records to {}; {} were done before",
        records.len(),
        target.describe(),
        found - records.len(),
    );
    let bar = ProgressBar::new(records.len() as u64).with_style(ProgressStyle::with_template(
        "{bar:40} {pos}/{len} records, {elapsed} gone, {eta} to go",
    )?);
    let calls = records
        .into_iter()
        .map(|record| answer(stack.clone(), &flags.model, record));
    let mut answers = stream::iter(calls).buffer_unordered(flags.workers.get());
    let (mut ok, mut failed) = (0, 0);
    while let Some((record, answer)) = answers.next().await {
        *(if answer.is_ok() { &mut ok } else { &mut failed }) += 1;
        output.write(&record, answer)?;
        bar.inc(1);
        if bar.is_hidden() && (ok + failed) % 100 == 0 {
            eprintln!("{} records done", ok + failed);
        }
    }
    bar.finish();

    eprintln!(
        "{ok} answered, {failed} failed, {} malformed lines, {} throttles ridden out",
        malformed.len(),
        throttles.count(),
    );
    Ok(failed == 0 && malformed.is_empty())
}

async fn target(flags: &Flags) -> Result<Target, Box<dyn Error>> {
    if flags.aws {
        return Ok(Target::aws().await?);
    }
    let model = Model::new(&flags.model)
        .requests_per_minute(flags.rpm)
        .tokens_per_minute(flags.tpm)
        .burst(Duration::from_secs(10));
    let latency = Latency::new(Duration::from_millis(50), Duration::from_micros(200));
    let simulator = Simulator::new().latency(latency).model(model);
    Ok(Target::simulated(&simulator).await?)
}

/// Nobody waits for a batch, so it sits out an outage and queues at a limit for as long as it is
/// told to.
fn stack(flags: &Flags, target: &Target, throttles: &Throttles) -> Stack {
    let config = config::Builder::from(target.config()).interceptor(throttles.clone());
    let patience = Duration::from_secs(60 * flags.give_up_after);
    let policy = RetryPolicy::new().open_circuit(patience);
    // Of the real service nothing is known here: the stack finds its limits.
    let mut quotas = Quotas::new();
    if !flags.aws {
        let quota = ModelQuota::new()
            .requests_per_minute(flags.rpm)
            .tokens_per_minute(flags.tpm);
        quotas = quotas.model(&*flags.model, quota);
    }
    let cost = TokenCost::new(target.region()).patience(patience);
    StackLayer::new(target.region())
        .backoff(policy.layer().deadline(patience))
        .quota(cost.layer(quotas))
        .layer(Bedrock::new(config))
}

async fn answer(stack: Stack, model: &str, record: Record) -> (Record, Result<Answer, Failure>) {
    let answer = record.send(stack, model).await;
    (record, answer)
}
