//! Sends a batch to two Regions, and has the first one fail in the midst of it.
//!
//! `cargo run --release --example regions`: two simulated Bedrocks that it starts itself, each with a
//! quota of its own. `-- --aws --model ID` uses the real service and the default credentials chain, and
//! is billed; nothing fails on purpose there. `-- --json` prints one JSON object.

mod report;

use aws_sdk_bedrockruntime::{
    operation::converse::ConverseInput,
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};
use bedrock_sim::{Fault, Latency, Model, Simulator};
use clap::Parser;
use examples::Target;
use futures_util::{StreamExt, stream};
use report::{Phase, Report};
use std::{error::Error, io, num::NonZeroUsize, process::ExitCode, time::Duration};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, Regions, Request, StackLayer,
    policy::{ModelQuota, Quotas},
};

/// For so long the first Region answers 503 to everything.
const DOWN: Duration = Duration::from_secs(3);

/// A batch that is sent to two Regions, of which the first fails in the midst of it.
#[derive(Parser)]
struct Flags {
    /// Use the real Amazon Bedrock and the default credentials chain; the calls are billed.
    #[arg(long)]
    aws: bool,
    /// The Regions, in the order in which they are to be used up.
    #[arg(long, num_args = 1.., value_delimiter = ',', default_value = "us-east-1,us-west-2")]
    regions: Vec<String>,
    /// Model or inference profile to call.
    #[arg(long, default_value = "us.anthropic.claude-sonnet-4-5-20250929-v1:0")]
    model: String,
    /// Calls in the batch.
    #[arg(long, default_value_t = 240)]
    calls: usize,
    /// Calls under way at one time.
    #[arg(long, default_value = "60")]
    workers: NonZeroUsize,
    /// Requests per minute that each of the simulated Regions allows.
    #[arg(long, default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    rpm: u64,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&Flags::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("regions: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether no call was lost.
async fn run(flags: &Flags) -> Result<bool, Box<dyn Error>> {
    let report = if flags.aws {
        let target = Target::aws().await?;
        // A client for each Region, out of one configuration.
        let regions = Regions::new(target.config(), flags.regions.iter().map(String::as_str));
        let stack = StackLayer::new(&regions);
        send(flags, stack, regions, None).await?
    } else {
        let simulators: Vec<_> = flags.regions.iter().map(|_| simulator(flags)).collect();
        let mut targets = Vec::new();
        for (name, simulator) in flags.regions.iter().zip(&simulators) {
            targets.push(Target::simulated_in(name, simulator).await?);
        }
        // Each has an address of its own, so the clients are handed in.
        let clients = targets
            .iter()
            .map(|target| (target.region(), Bedrock::new(target.config())));
        let regions = Regions::of(clients);
        let quota = ModelQuota::new().requests_per_minute(flags.rpm);
        let stack = StackLayer::new(&regions).quotas(Quotas::new().model(&*flags.model, quota));
        send(flags, stack, regions, simulators.first()).await?
    };
    report.print(flags.json, &mut io::stdout().lock())?;
    Ok(report.failed() == 0)
}

/// A Region: a Bedrock with a quota of its own.
fn simulator(flags: &Flags) -> Simulator {
    let model = Model::new(&flags.model)
        .requests_per_minute(flags.rpm)
        .burst(Duration::from_secs(1));
    let latency = Latency::new(Duration::from_millis(80), Duration::from_millis(1));
    Simulator::new().latency(latency).model(model)
}

/// Sends the batch; the Region that is to fail does so after a third of the answers.
async fn send(
    flags: &Flags,
    stack: StackLayer,
    regions: Regions,
    fails: Option<&Simulator>,
) -> Result<Report, Box<dyn Error>> {
    let names: Vec<String> = regions.names().map(str::to_owned).collect();
    eprintln!(
        "{} calls, {} at a time, to {} …",
        flags.calls,
        flags.workers,
        names.join(" and ")
    );
    let mut report = Report::of(names);
    let service = stack.layer(regions);
    let inputs = (0..flags.calls).map(|number| input(flags, number));
    let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
    let start = Instant::now();
    let answers = inputs
        .into_iter()
        .map(|input| service.clone().oneshot(Request::new(input)));
    let mut answers = stream::iter(answers).buffer_unordered(flags.workers.get());
    let mut down_since: Option<Instant> = None;
    while let Some(answer) = answers.next().await {
        let phase = match down_since {
            None => Phase::Before,
            Some(since) if since.elapsed() < DOWN => Phase::Down,
            Some(_) => Phase::After,
        };
        match answer {
            Ok(answer) => report.answered(phase, answer.meta().region().unwrap_or_default()),
            Err(error) => report.lost(&error),
        }
        let is_time = down_since.is_none() && report.answers() >= flags.calls / 3;
        if let Some(simulator) = fails.filter(|_| is_time) {
            eprintln!(
                "{} answers 503 to everything for {DOWN:?} …",
                flags.regions[0]
            );
            simulator.script([Fault::service_unavailable()
                .rate(1.0)
                .during(Duration::ZERO..DOWN)]);
            down_since = Some(Instant::now());
        }
    }
    report.seconds = start.elapsed().as_secs_f64();
    report.stack = stack.handle().snapshot().to_string();
    Ok(report)
}

fn input(flags: &Flags, number: usize) -> Result<ConverseInput, Box<dyn Error>> {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(format!(
            "In one sentence: what is {number} squared?"
        )))
        .build()?;
    let limits = InferenceConfiguration::builder().max_tokens(512).build();
    let input = ConverseInput::builder()
        .model_id(&flags.model)
        .messages(message)
        .inference_config(limits)
        .build()?;
    Ok(input)
}
