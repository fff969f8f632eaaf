//! What a call costs of the quota: the ledger's account beside the simulator's own.

mod at_the_limit;
#[path = "../common/mod.rs"]
mod common;
mod reserved;
mod settled;

use aws_sdk_bedrockruntime::{
    operation::{
        apply_guardrail::ApplyGuardrailInput,
        converse::{ConverseInput, ConverseOutput},
        count_tokens::CountTokensInput,
        invoke_model::{InvokeModelInput, InvokeModelOutput},
    },
    primitives::Blob,
    types::{
        CachePointBlock, CachePointType, ConverseTokensRequest, CountTokensInput as Count,
        GuardrailContentBlock, GuardrailContentSource, GuardrailTextBlock, SystemContentBlock,
    },
};
use bedrock_sim::{Fault, Latency, Model, ModelUsage, Simulator};
use common::{BASE_MODEL, MODEL, bedrock, prompt};
use futures_util::{StreamExt, future::join_all, stream};
use std::{
    future::{pending, ready},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::{Instant, timeout};
use tower::{Layer, ServiceExt, service_fn};
use tower_backoff::AttemptTimeoutLayer;
use tower_bedrock::{
    CacheUse, Error, ErrorKind, Priority, Request, Response, Stack, StackLayer, Usage,
    policy::{self, Burndown, MaxOutput, ModelQuota, Quotas, TokenCost},
};
use tower_quota::{Handle, Limit, Limits};

const SECOND: Duration = Duration::from_secs(1);
const NOVA: &str = "us.amazon.nova-lite-v1:0";
const KEY: &str = "us-east-1/us.anthropic.claude-sonnet-4-5-20250929-v1:0";

type Ledger = Handle<Arc<str>>;

fn usage(handle: &Ledger, key: &str) -> tower_quota::Snapshot {
    handle.snapshot(&key.into()).expect("the key was used")
}

fn account(sim: &Simulator, model: &str) -> ModelUsage {
    sim.usage()
        .model(model)
        .expect("the model is served")
        .clone()
}

/// A model that a call takes a second and some.
fn sim() -> Simulator {
    Simulator::new()
        .latency(Latency::new(SECOND, Duration::from_millis(5)))
        .model(Model::new(MODEL).tokens_per_minute(2_000_000))
        .model(Model::new(NOVA))
}

fn told(sim: &Simulator) -> (Stack, Ledger) {
    let quota = ModelQuota::new().tokens_per_minute(2_000_000);
    let quotas = Quotas::new().model(MODEL, quota).model(NOVA, quota);
    let layer = StackLayer::new("us-east-1").quotas(quotas);
    let handle = layer.handle().quota();
    (layer.layer(bedrock(sim)), handle)
}

/// With a long beginning that goes into Bedrock's prompt cache.
fn cached(text: &str) -> ConverseInput {
    let mut input = prompt(text);
    let point = CachePointBlock::builder()
        .r#type(CachePointType::Default)
        .build()
        .expect("all that is required is given");
    input.system = Some(vec![
        SystemContentBlock::Text("Be kind. ".repeat(1_000)),
        SystemContentBlock::CachePoint(point),
    ]);
    input
}

fn without_max_tokens(text: &str) -> ConverseInput {
    let mut input = prompt(text);
    input.inference_config = None;
    input
}

fn invoke(model: &str, body: &str) -> InvokeModelInput {
    InvokeModelInput::builder()
        .model_id(model)
        .body(Blob::new(body))
        .build()
        .expect("nothing is required")
}

/// A service that answers with `usage`, or does not say.
fn answers(
    usage: Option<Usage>,
) -> impl tower::Service<
    Request<InvokeModelInput>,
    Response = Response<InvokeModelOutput>,
    Error = Error,
    Future: Send,
> + Clone {
    service_fn(move |_: Request<InvokeModelInput>| {
        let output = InvokeModelOutput::builder()
            .body(Blob::new("{}"))
            .content_type("application/json")
            .build()
            .expect("all that is required is given");
        let response = Response::new(output);
        ready(Ok::<_, Error>(match usage {
            Some(usage) => response.with_usage(usage),
            None => response,
        }))
    })
}

#[tokio::test(start_paused = true)]
async fn the_urgent_go_first_and_tenants_take_turns() {
    let sim = sim();
    // An hour apart, so that they are answered in the order they went.
    let quota = policy::quota_layer("us-east-1", Limit::calls(1, 3600 * SECOND));
    let service = quota.layer(bedrock(&sim));
    let order = Mutex::new(Vec::new());
    let (normal, low, high) = (Priority::Normal, Priority::Low, Priority::High);
    let calls = [
        ("first", normal, "a"),
        ("low", low, "a"),
        ("a1", normal, "a"),
        ("a2", normal, "a"),
        ("a3", normal, "a"),
        ("b1", normal, "b"),
        ("high", high, "a"),
    ];
    let calls = calls.map(|(name, priority, tenant)| {
        let request = Request::new(prompt(name)).priority(priority).tenant(tenant);
        let answer = service.clone().oneshot(request);
        let order = &order;
        async move {
            answer.await.unwrap();
            order.lock().unwrap().push(name);
        }
    });
    join_all(calls).await;
    let order = order.into_inner().unwrap();
    assert_eq!(order[..2], ["first", "high"]);
    assert_eq!(order[6], "low");
    let place = |name| order.iter().position(|other| *other == name).unwrap();
    assert!(place("b1") < place("a3"), "{order:?}");
}

#[tokio::test(start_paused = true)]
async fn what_draws_no_tokens_never_waits_for_the_model() {
    let sim = sim();
    let quotas = Quotas::new().model(BASE_MODEL, ModelQuota::new().requests_per_minute(1));
    let stack = StackLayer::new("us-east-1")
        .quotas(quotas)
        .layer(bedrock(&sim));
    let start = Instant::now();
    let text = GuardrailTextBlock::builder().text("hello").build().unwrap();
    let guardrail = ApplyGuardrailInput::builder()
        .guardrail_identifier("gr-1")
        .guardrail_version("1")
        .source(GuardrailContentSource::Input)
        .content(GuardrailContentBlock::Text(text))
        .build()
        .unwrap();
    let guardrails = (0..20).map(|_| {
        let request = Request::new(guardrail.clone()).cache(CacheUse::Bypass);
        stack.clone().oneshot(request)
    });
    let counts = (0..20).map(|n| {
        let messages = prompt(&n.to_string()).messages;
        let counted = ConverseTokensRequest::builder().set_messages(messages);
        let count = CountTokensInput::builder()
            .model_id(BASE_MODEL)
            .input(Count::Converse(counted.build()));
        stack.clone().oneshot(Request::new(count.build().unwrap()))
    });
    let (guarded, counted) = tokio::join!(join_all(guardrails), join_all(counts));
    assert!(guarded.iter().all(Result::is_ok) && counted.iter().all(Result::is_ok));
    assert!(start.elapsed() < 3 * SECOND, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn one_ledger_serves_every_service_of_a_stack() {
    let sim = sim();
    let limit = Limit::calls(1, 3600 * SECOND);
    let layer = StackLayer::new("us-east-1").quotas(Limits::from(limit));
    let start = Instant::now();
    let calls = (0..10).map(|n| {
        let stack = layer.layer(bedrock(&sim));
        stack.oneshot(Request::new(prompt(&n.to_string())))
    });
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    let hours = start.elapsed().as_secs() / 3600;
    assert_eq!(hours, 9);
}
