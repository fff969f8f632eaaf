use bedrock_sim::{Fault, Latency, Model, Simulator, StreamException};
use clap::Args;
use examples::Target;
use std::{error::Error, time::Duration};
use tower_bedrock::{
    StackLayer,
    aws_sdk_bedrockruntime::config,
    policy::{ModelQuota, Quotas},
};

/// What the server calls, and what it knows of it.
#[derive(Args)]
pub(crate) struct BackendFlags {
    /// Use the real Amazon Bedrock and the default credentials chain; the calls are billed.
    #[arg(long)]
    aws: bool,
    /// A model or inference profile to serve; repeat it for more. The first one is the default.
    #[arg(long = "model", value_name = "ID", default_values = [
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.amazon.nova-lite-v1:0",
    ])]
    models: Vec<String>,
    /// Requests per minute that the simulated Bedrock allows each model.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    rpm: u64,
    /// Tokens per minute that the simulated Bedrock allows each model.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    tpm: u64,
    /// The part of its calls that the simulated Bedrock lets fail, from 0 to 1.
    #[arg(long, default_value_t = 0.0)]
    faults: f64,
}

pub(crate) struct Backend<'a> {
    flags: &'a BackendFlags,
    target: Target,
}

impl<'a> Backend<'a> {
    pub(crate) async fn start(flags: &'a BackendFlags) -> Result<Self, Box<dyn Error>> {
        let target = if flags.aws {
            Target::aws().await?
        } else {
            Target::simulated(&simulator(flags)).await?
        };
        Ok(Self { flags, target })
    }

    pub(crate) fn models(&self) -> &[String] {
        &self.flags.models
    }

    pub(crate) fn config(&self) -> config::Builder {
        config::Builder::from(self.target.config())
    }

    pub(crate) fn describe(&self) -> String {
        self.target.describe()
    }

    /// Of the real service nothing is known here: the stack finds its limits.
    pub(crate) fn stack(&self) -> StackLayer {
        let stack = StackLayer::new(self.target.region());
        if self.flags.aws {
            return stack;
        }
        let quotas = self.models().iter().fold(Quotas::new(), |quotas, model| {
            let quota = ModelQuota::new()
                .requests_per_minute(self.flags.rpm)
                .tokens_per_minute(self.flags.tpm);
            quotas.model(model.as_str(), quota)
        });
        stack.quotas(quotas)
    }
}

/// Models that take their time, and fail as often as they are told.
fn simulator(flags: &BackendFlags) -> Simulator {
    let latency = Latency::new(Duration::from_millis(300), Duration::from_millis(20));
    let simulator = Simulator::new().latency(latency);
    let simulator = flags.models.iter().fold(simulator, |simulator, model| {
        let model = Model::new(model)
            .requests_per_minute(flags.rpm)
            .tokens_per_minute(flags.tpm);
        simulator.model(model)
    });
    // One fault in ten is a stream that is cut off, which no layer can save.
    let part = flags.faults / 10.0;
    simulator.script([
        Fault::service_unavailable().rate(3.0 * part),
        Fault::internal_server().rate(2.0 * part),
        Fault::throttling().rate(2.0 * part),
        Fault::connection_reset().rate(part),
        Fault::stream_exception(StreamException::Throttling)
            .at(0)
            .rate(part),
        Fault::stream_cut().at(3).rate(part),
    ]);
    simulator
}
