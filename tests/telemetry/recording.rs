//! Half an hour of a stack under load, as a Prometheus would have scraped it: what the dashboard and the
//! alert rules in `examples/grafana` are checked against. The clock is paused, so it takes seconds.
//!
//! Each scrape begins with a line `# SCRAPED` and the second.

use aws_sdk_bedrockruntime::{
    config::Region,
    operation::{converse::ConverseInput, converse_stream::ConverseStreamInput},
    types::{ContentBlock, ConversationRole, InferenceConfiguration, Message},
};
use bedrock_sim::{Fault, Latency, Model, Operation, Simulator};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use std::{error::Error, io::Write, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, Regions, Request, Stack, StackLayer,
    policy::{ModelQuota, Quotas},
    telemetry::{Gauges, SECONDS, TOKENS},
};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA: &str = "us.amazon.nova-pro-v1:0";
const SCRAPES: u32 = 360;
const BETWEEN: Duration = Duration::from_secs(5);

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn Error>> {
    let recorder = PrometheusBuilder::new()
        .with_recommended_naming(true)
        .set_buckets_for_metric(Matcher::Suffix("_tokens".into()), &TOKENS)?
        .set_buckets(&SECONDS)?
        .build_recorder();
    let prometheus = recorder.handle();
    metrics::set_global_recorder(recorder)?;

    let sim = Simulator::new()
        .seed(1)
        .latency(Latency::new(
            Duration::from_millis(600),
            Duration::from_millis(15),
        ))
        .model(
            Model::new(CLAUDE)
                .requests_per_minute(60)
                .tokens_per_minute(60_000),
        )
        .model(
            Model::new(NOVA)
                .requests_per_minute(400)
                .tokens_per_minute(400_000),
        );
    let quota = |rpm, tpm| {
        ModelQuota::new()
            .requests_per_minute(rpm)
            .tokens_per_minute(tpm)
    };
    let quotas = Quotas::new()
        .model(CLAUDE, quota(60, 60_000))
        .model(NOVA, quota(400, 400_000));
    let layer = StackLayer::new("us-east-1").quotas(quotas);
    let gauges = Gauges::of(&layer.handle());
    let stack = layer.layer(Bedrock::new(sim.sdk_config()));

    let minute = |minute: u64| Duration::from_secs(60 * minute);
    sim.script([
        // An outage, and otherwise now and then a throttle or a fault.
        Fault::service_unavailable()
            .model(NOVA)
            .rate(1.0)
            .during(minute(12)..minute(15)),
        Fault::throttling().rate(0.01),
        Fault::internal_server().rate(0.005),
        Fault::validation().rate(0.003),
        Fault::stream_cut()
            .at(3)
            .operation(Operation::ConverseStream)
            .rate(0.01),
    ]);
    tokio::spawn(traffic(stack));
    tokio::spawn(between_regions());
    let began = Instant::now();
    let mut out = std::io::stdout().lock();
    for scrape in 0..SCRAPES {
        let at = BETWEEN * scrape;
        sleep_until(began + at).await;
        gauges.record();
        prometheus.run_upkeep();
        writeln!(out, "# SCRAPED {}", at.as_secs())?;
        out.write_all(prometheus.render().as_bytes())?;
    }
    Ok(())
}

/// Three calls a second; from the twentieth minute on there is more than Claude's quota has.
async fn traffic(stack: Stack) {
    for call in 0_u64.. {
        let minute = call / 180;
        let is_claude = call % if minute < 20 { 4 } else { 2 } == 0;
        // Every third prompt is one of a few that come again and again.
        let topic = if call % 3 == 0 { call % 30 } else { call };
        let model = if is_claude { CLAUDE } else { NOVA };
        // Some would not wait for their turn.
        let patience = Duration::from_secs(if call % 10 == 0 { 4 } else { 120 });
        let stack = stack.clone();
        tokio::spawn(async move {
            // Who has asked that looks at the metrics.
            if call % 40 == 0 {
                // More than the model's quota for a minute.
                _ = stack
                    .oneshot(prompt(model, topic).input_tokens(100_000))
                    .await;
            } else if call % 2 == 0 {
                _ = stack.oneshot(prompt(model, topic).timeout(patience)).await;
            } else if let Ok(mut stream) = stack.oneshot(streamed(model, topic)).await {
                let mut events = 0;
                while stream.recv().await.is_ok_and(|event| event.is_some()) {
                    events += 1;
                    if call % 50 == 1 && events == 5 {
                        break;
                    }
                }
            }
        });
        sleep(Duration::from_millis(333)).await;
    }
}

/// A call every ten seconds, by a stack of two Regions, the first of which has room for three a minute.
async fn between_regions() {
    let region = |name: &'static str, calls| {
        let sim = Simulator::new().model(Model::new(NOVA).requests_per_minute(calls));
        let config = sim.sdk_config().region(Region::new(name));
        (name, Bedrock::new(config))
    };
    let regions = Regions::of([region("us-east-1", 3), region("us-west-2", 60)]);
    let stack = StackLayer::new(&regions).layer(regions);
    for call in 0.. {
        _ = stack.clone().oneshot(prompt(NOVA, call)).await;
        sleep(Duration::from_secs(10)).await;
    }
}

fn message(topic: u64) -> Message {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text(format!(
            "What is there to say of {topic}?"
        )));
    message.build().expect("role and content are given")
}

fn inference() -> InferenceConfiguration {
    InferenceConfiguration::builder()
        .max_tokens(600)
        .temperature(0.0)
        .build()
}

fn prompt(model: &str, topic: u64) -> Request<ConverseInput> {
    let input = ConverseInput::builder()
        .model_id(model)
        .messages(message(topic))
        .inference_config(inference());
    Request::new(input.build().expect("nothing is required"))
}

fn streamed(model: &str, topic: u64) -> Request<ConverseStreamInput> {
    let input = ConverseStreamInput::builder()
        .model_id(model)
        .messages(message(topic))
        .inference_config(inference());
    Request::new(input.build().expect("nothing is required"))
}
