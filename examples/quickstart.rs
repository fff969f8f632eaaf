//! Sends the same batch twice at one rate limit: through the plain SDK, then through the stack.
//!
//! `cargo run --release --example quickstart`: against a simulated Bedrock that it starts itself.
//! `-- --aws --model ID` uses the real service and the default credentials chain, and is billed.
//! `-- --json` prints one JSON object.

use aws_sdk_bedrockruntime::{
    Client, config,
    operation::converse::ConverseInput,
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};
use bedrock_sim::{Latency, Model, Simulator};
use clap::Parser;
use examples::{Target, Throttles};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use std::{
    error::Error,
    future::Future,
    io::{self, Write},
    iter,
    num::NonZeroUsize,
    process::ExitCode,
    time::Duration,
};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, CacheStatus, Request, StackLayer,
    policy::{ModelQuota, Quotas},
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
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    calls: usize,
    plain: Run,
    stack: Run,
}

#[derive(Serialize, Default)]
struct Run {
    ok: usize,
    failed: usize,
    throttled: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_hits: Option<usize>,
    seconds: f64,
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
    let plain = plain(&flags, &batch).await?;
    let stack = stack(&flags, &batch).await?;
    let report = Report {
        calls: batch.len(),
        plain,
        stack,
    };
    let mut out = io::stdout().lock();
    if flags.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        table(&mut out, &report)?;
    }
    Ok(report.stack.failed == 0)
}

/// What a user has today: the SDK's client and its default retries.
async fn plain(flags: &Flags, batch: &[ConverseInput]) -> Result<Run, Box<dyn Error>> {
    let target = target(flags).await?;
    let throttles = Throttles::default();
    let config = config::Builder::from(target.config()).interceptor(throttles.clone());
    let client = Client::from_conf(config.build());
    announce(flags, "the plain SDK", &target);
    let mut run = measure(flags, batch, |input| {
        let call = client
            .converse()
            .set_model_id(input.model_id)
            .set_messages(input.messages)
            .set_inference_config(input.inference_config);
        async move {
            call.send()
                .await
                .map(|_| false)
                .map_err(|error| causes(&error))
        }
    })
    .await;
    run.throttled = throttles.count();
    Ok(run)
}

/// The same client under the stack.
async fn stack(flags: &Flags, batch: &[ConverseInput]) -> Result<Run, Box<dyn Error>> {
    let target = target(flags).await?;
    let throttles = Throttles::default();
    let config = config::Builder::from(target.config()).interceptor(throttles.clone());
    let mut layer = StackLayer::new(target.region());
    // Of the real service nothing is known here: the stack finds its limit.
    if !flags.aws {
        let quota = ModelQuota::new().requests_per_minute(flags.rpm);
        layer = layer.quotas(Quotas::new().model(&*flags.model, quota));
    }
    let service = layer.layer(Bedrock::new(config));
    announce(flags, "the stack", &target);
    let mut run = measure(flags, batch, |input| {
        let answer = service.clone().oneshot(Request::new(input));
        async move {
            let cache = answer
                .await
                .map_err(|error| error.to_string())?
                .meta()
                .cache();
            let hit = matches!(cache, Some(CacheStatus::Hit | CacheStatus::Joined));
            Ok(hit)
        }
    })
    .await;
    run.throttled = throttles.count();
    run.cache_hits.get_or_insert_default();
    Ok(run)
}

/// Every run gets a fresh quota.
async fn target(flags: &Flags) -> Result<Target, Box<dyn Error>> {
    if flags.aws {
        return Ok(Target::aws().await?);
    }
    let model = Model::new(&flags.model)
        .requests_per_minute(flags.rpm)
        .burst(Duration::from_secs(10));
    let latency = Latency::new(Duration::from_millis(80), Duration::from_millis(1));
    let simulator = Simulator::new().latency(latency).model(model);
    Ok(Target::simulated(&simulator).await?)
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

/// Sends the whole batch; `send` says of a call that succeeded whether a cache answered it.
async fn measure<F>(
    flags: &Flags,
    batch: &[ConverseInput],
    send: impl Fn(ConverseInput) -> F,
) -> Run
where
    F: Future<Output = Result<bool, String>>,
{
    let start = Instant::now();
    let results: Vec<_> = stream::iter(batch.iter().cloned().map(send))
        .buffer_unordered(flags.workers.get())
        .collect()
        .await;
    if let Some(error) = results.iter().find_map(|result| result.as_ref().err()) {
        eprintln!("  first failure: {error}");
    }
    let ok = results.iter().filter(|result| result.is_ok()).count();
    let hits = results
        .iter()
        .filter(|result| matches!(result, Ok(true)))
        .count();
    Run {
        ok,
        failed: results.len() - ok,
        throttled: 0,
        cache_hits: (hits > 0).then_some(hits),
        seconds: start.elapsed().as_secs_f64(),
    }
}

/// The SDK's error and what caused it, on one line.
fn causes(error: &dyn Error) -> String {
    let chain = iter::successors(Some(error), |&cause| cause.source());
    chain
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

fn announce(flags: &Flags, through: &str, target: &Target) {
    let Flags { calls, workers, .. } = flags;
    let to = target.describe();
    eprintln!("{calls} calls, {workers} at a time, through {through}, to {to} …");
}

fn table(out: &mut impl Write, report: &Report) -> io::Result<()> {
    writeln!(
        out,
        "                       ok   failed   throttled   cache hits   seconds"
    )?;
    for (name, run) in [
        ("plain SDK", &report.plain),
        ("tower-bedrock", &report.stack),
    ] {
        writeln!(
            out,
            "{name:<16} {:>8} {:>8} {:>11} {:>12} {:>9.1}",
            run.ok,
            run.failed,
            run.throttled,
            run.cache_hits
                .map_or("-".to_owned(), |hits| hits.to_string()),
            run.seconds,
        )?;
    }
    Ok(())
}
