use std::time::{Duration, SystemTime};

use aws_sdk_bedrockruntime::config::{self, retry::RetryPartition, timeout::TimeoutConfig};
use aws_smithy_async::time::TimeSource;
use bedrock_sim::{Latency, Model, Simulator};
use fastrand::Rng;
use tokio::time::Instant;

use crate::{
    network::{Network, Traffic},
    scenario::{Meter, Scenario},
};

/// The Region that the SDK's client sends to.
pub(crate) const REGION: &str = "us-east-1";

/// The simulated Bedrock of one row.
#[derive(Clone)]
pub(crate) struct Server {
    row: String,
    simulator: Simulator,
    scenario: Scenario,
}

impl Server {
    /// A fresh one, whose minutes begin now, for the row of that name.
    pub(crate) fn start(scenario: &Scenario, row: String) -> Self {
        let quota = &scenario.quota;
        let mut model = model(scenario).burst(scenario.burst);
        if let Some(rpm) = quota.rpm {
            model = model.requests_per_minute(rpm);
        }
        if let Some(tpm) = quota.tpm {
            model = model.tokens_per_minute(tpm);
        }
        if let Some(tpd) = quota.tpd {
            model = model.tokens_per_day(tpd);
        }
        let simulator = Simulator::new()
            .seed(scenario.seed)
            .meter(match scenario.meter {
                Meter::Bucket => bedrock_sim::Meter::Bucket,
                Meter::Fixed => bedrock_sim::Meter::FixedMinute,
                Meter::Sliding => bedrock_sim::Meter::SlidingMinute,
            })
            .latency(Latency::new(scenario.first_token, scenario.per_token))
            .model(model);
        if let Some(fault) = scenario.fault {
            simulator.script([fault.script(scenario.fault_takes)]);
        }
        Self {
            row,
            simulator,
            scenario: scenario.clone(),
        }
    }

    /// What a client of the server is made of, retries off, and its traffic.
    pub(crate) fn client(&self, name: &str) -> (config::Builder, Traffic) {
        let network = Network::new(
            self.simulator.http_client(),
            self.scenario.network,
            rng(self.scenario.seed, name),
        );
        let traffic = network.traffic();
        // Clients of one partition share the state of the SDK's retries, in all of the process.
        let partition = RetryPartition::new(format!("{} {name}", self.row));
        let config = self
            .simulator
            .sdk_config()
            .http_client(network)
            .time_source(Clock::new())
            .retry_partition(partition);
        let mut timeouts = TimeoutConfig::builder();
        timeouts.set_operation_attempt_timeout(self.scenario.attempt_timeout);
        (config.timeout_config(timeouts.build()), traffic)
    }
}

/// The same time of day in every run: the SDK's adaptive retries reckon with it.
#[derive(Debug)]
struct Clock(Instant);

impl Clock {
    fn new() -> Self {
        Self(Instant::now())
    }
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + self.0.elapsed()
    }
}

/// The id of a model with the scenario's burndown, that writes answers as long as may be asked for.
pub(crate) fn model_id(scenario: &Scenario) -> &'static str {
    let longest = scenario.max_tokens(scenario.input_tokens.max);
    match scenario.burndown {
        5 => "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        10 => "us.anthropic.claude-sonnet-5-v1:0",
        15 => "us.anthropic.claude-opus-4-8-v1:0",
        _ if longest > 10_000 => "us.amazon.nova-2-lite-v1:0",
        _ => "us.amazon.nova-pro-v1:0",
    }
}

/// The model that is called, without quotas.
pub(crate) fn model(scenario: &Scenario) -> Model {
    Model::new(model_id(scenario)).burndown(scenario.burndown)
}

/// Chance for one purpose.
pub(crate) fn rng(seed: u64, purpose: &str) -> Rng {
    let salt = purpose.bytes().fold(seed, |salt, byte| {
        salt.wrapping_mul(257).wrapping_add(byte.into())
    });
    Rng::with_seed(salt)
}
