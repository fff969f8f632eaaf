//! Calls with every outcome that there is, and what a scrape shows of them.

use aws_sdk_bedrockruntime::{
    config::Region,
    operation::{
        converse::ConverseInput, converse_stream::ConverseStreamInput,
        count_tokens::CountTokensInput,
    },
    types::{
        ContentBlock, ConversationRole, ConverseTokensRequest, CountTokensInput as Counted, Message,
    },
};
use bedrock_sim::{Fault, Model, Simulator};
use end_to_end::{BASE_MODEL, MODEL, prompt};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusRecorder};
use std::time::Duration;
use tower::{Layer, ServiceExt, service_fn};
use tower_bedrock::{
    Bedrock, ErrorKind, Fleet, Regions, Request, Stack, StackLayer,
    policy::{CachePolicy, circuit_breaker_layer, quota_layer},
    telemetry::{Gauges, SECONDS, TOKENS, TelemetryLayer},
};
use tower_circuit_breaker::{CircuitBreakerLayer, Verdict};
use tower_quota::Limit;

const OTHER_MODEL: &str = "us.amazon.nova-pro-v1:0";
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// The recorder that the guide has one install.
pub(crate) fn recorder() -> PrometheusRecorder {
    let builder = PrometheusBuilder::new()
        .with_recommended_naming(true)
        .set_buckets_for_metric(Matcher::Suffix("_tokens".into()), &TOKENS)
        .and_then(|builder| {
            let old = Matcher::Full("gen_ai.client.token.usage".into());
            builder.set_buckets_for_metric(old, &TOKENS)
        })
        .and_then(|builder| builder.set_buckets(&SECONDS));
    builder.expect("there are buckets").build_recorder()
}

fn of(model: &str, text: &str) -> Request<ConverseInput> {
    let mut input = prompt(text);
    input.model_id = Some(model.to_owned());
    Request::new(input)
}

pub(crate) fn stream_of(text: &str) -> ConverseStreamInput {
    let plain = prompt(text);
    ConverseStreamInput::builder()
        .set_model_id(plain.model_id)
        .set_messages(plain.messages)
        .set_inference_config(plain.inference_config)
        .build()
        .expect("nothing is required")
}

fn count() -> CountTokensInput {
    let message = Message::builder()
        .role(ConversationRole::User)
        .content(ContentBlock::Text("hello".to_owned()))
        .build()
        .expect("role and content are given");
    let converse = ConverseTokensRequest::builder().messages(message).build();
    CountTokensInput::builder()
        .model_id(BASE_MODEL)
        .input(Counted::Converse(converse))
        .build()
        .expect("model and input are given")
}

async fn fails(stack: &Stack, request: Request<ConverseInput>) -> ErrorKind {
    let error = stack.clone().oneshot(request).await;
    error.expect_err("it is made to fail").kind()
}

/// Every outcome, and then the gauges.
pub(crate) async fn all() {
    let sim = Simulator::new()
        .model(Model::new(MODEL))
        .model(Model::new(OTHER_MODEL));
    let policy = CachePolicy::new("us-east-1", SECOND).stale_while_revalidate(60 * MINUTE);
    let quotas = quota_layer("us-east-1", Limit::calls_per_minute(4).window()).max_keys(2);
    let layer = StackLayer::new("us-east-1")
        .telemetry(TelemetryLayer::calls("us-east-1").old_names())
        .cache(policy.layer(1 << 20))
        .circuit_breaker(circuit_breaker_layer("us-east-1").max_keys(1))
        .quota(quotas);
    let (circuits, gauges) = (layer.handle().circuits(), Gauges::of(&layer.handle()));
    let stack = layer.layer(Bedrock::new(sim.sdk_config()));
    // As long as somebody has its handle, there is no room for another one.
    let circuit = circuits.handle(&format!("us-east-1/{MODEL}").into());

    // A retry, a hit, a stale answer, and one that is not made again.
    sim.script([Fault::throttling()]);
    for text in ["a", "a"] {
        stack
            .clone()
            .oneshot(of(MODEL, text))
            .await
            .expect("it is answered");
    }
    tokio::time::sleep(2 * SECOND).await;
    stack
        .clone()
        .oneshot(of(MODEL, "a"))
        .await
        .expect("it is answered");
    sim.script([Fault::throttling()]);
    let one = std::num::NonZeroU32::MIN;
    let kind = fails(&stack, of(MODEL, "b").max_attempts(one)).await;
    assert_eq!(kind, ErrorKind::Throttled);
    // A stream that is read, and one that is left.
    let mut stream = stack
        .clone()
        .oneshot(stream_of("c").into())
        .await
        .expect("it is answered");
    while stream.recv().await.expect("it is answered").is_some() {}
    drop(
        stack
            .clone()
            .oneshot(stream_of("d").into())
            .await
            .expect("it is answered"),
    );
    // One that waits for its turn, and one that would not.
    stack
        .clone()
        .oneshot(of(MODEL, "e"))
        .await
        .expect("it is answered");
    for text in ["f", "g", "h"] {
        stack
            .clone()
            .oneshot(of(MODEL, text))
            .await
            .expect("it is answered");
    }
    let hurried = of(MODEL, "i").timeout(SECOND);
    assert_eq!(fails(&stack, hurried).await, ErrorKind::QuotaRejected);
    // What asks no model, and keys that there is no room for.
    stack
        .clone()
        .oneshot(count().into())
        .await
        .expect("it is answered");
    stack
        .clone()
        .oneshot(of(OTHER_MODEL, "j"))
        .await
        .expect("it is answered");
    // A circuit that is open.
    circuit.force_open();
    assert_eq!(fails(&stack, of(MODEL, "k")).await, ErrorKind::CircuitOpen);
    gauges.record();
    // One that goes on to another Region.
    elsewhere().await;
    // One of a fleet whose server is not there.
    alone().await;

    // One circuit for all, which the stack has not.
    let single = CircuitBreakerLayer::new(|_: &Result<(), tower::BoxError>| Verdict::Success);
    let single = single.layer(service_fn(|()| async { Ok::<_, tower::BoxError>(()) }));
    single.oneshot(()).await.expect("it is answered");
}

async fn elsewhere() {
    let region = |name| {
        let sim = Simulator::new().model(Model::new(MODEL));
        let config = sim.sdk_config().region(Region::new(name));
        (sim, (name, Bedrock::new(config)))
    };
    let ((first, east), (_second, west)) = (region("us-east-1"), region("us-west-2"));
    let regions = Regions::of([east, west]);
    let stack = StackLayer::new(&regions).layer(regions);
    first.script([Fault::throttling()]);
    let answer = stack.oneshot(of(MODEL, "l")).await;
    let answer = answer.expect("it is answered");
    assert_eq!(answer.meta().region(), Some("us-west-2"));
}

async fn alone() {
    let sim = Simulator::new().model(Model::new(MODEL));
    let fleet = Fleet::redis("redis://127.0.0.1:1").without_cache();
    let layer = StackLayer::new("us-east-1").fleet(fleet);
    let stack = layer.layer(Bedrock::new(sim.sdk_config()));
    let answer = stack.oneshot(of(MODEL, "m")).await;
    answer.expect("it is answered");
}

/// A call whose span has what few have.
pub(crate) async fn all_attributes() {
    let sim = Simulator::new().model(Model::new(MODEL));
    let mut input = prompt("a");
    if let Some(asked) = &mut input.inference_config {
        (asked.temperature, asked.top_p) = (Some(0.5), Some(0.9));
    }
    let stack = end_to_end::stack(&sim);
    stack.oneshot(input.into()).await.expect("it is answered");
}
