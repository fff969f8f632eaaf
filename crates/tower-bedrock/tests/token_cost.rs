//! What a call costs of the quota: the ledger's account beside the simulator's own.

mod common;

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

#[tokio::test(start_paused = true)]
async fn the_ledger_agrees_with_the_simulators_account() {
    let sim = sim();
    let (stack, handle) = told(&sim);
    sim.script([
        Fault::throttling().times(2),
        Fault::internal_server(),
        Fault::service_unavailable(),
        Fault::overloaded(),
        Fault::model_not_ready(),
        Fault::validation(),
        Fault::access_denied(),
    ]);
    let calls = (0..60).map(|n| {
        let text = format!("prompt {n}, {}", "and so on ".repeat(n));
        let input = match n % 3 {
            0 => prompt(&text),
            1 => cached(&text),
            _ => without_max_tokens(&text),
        };
        stack.clone().oneshot(Request::new(input))
    });
    let answers: Vec<_> = stream::iter(calls).buffer_unordered(4).collect().await;
    let failed = answers.iter().filter(|answer| answer.is_err()).count();
    assert_eq!(failed, 2, "the caller's own faults");

    let (ours, theirs) = (usage(&handle, KEY), account(&sim, MODEL));
    assert!(theirs.cache_read_tokens > 0 && theirs.cache_write_tokens > 0);
    let formula = theirs.input_tokens + theirs.cache_write_tokens + 5 * theirs.output_tokens;
    assert_eq!(theirs.settled, formula);
    assert_eq!((ours.total_used, ours.pending_calls), (theirs.settled, 0));
    assert_eq!(ours.throttled, 2);
    // The estimate of the input leans to the high side, and no further than that.
    let over = ours.total_reserved as f64 / theirs.reserved as f64;
    assert!((1.0..1.02).contains(&over), "{over}");
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_given_is_reserved_as_it_is() {
    let sim = sim();
    let (stack, handle) = told(&sim);
    let counted = ConverseTokensRequest::builder()
        .set_messages(prompt("hello").messages)
        .build();
    let count = CountTokensInput::builder()
        .model_id(BASE_MODEL)
        .input(Count::Converse(counted))
        .build()
        .unwrap();
    let count = stack.clone().oneshot(Request::new(count)).await.unwrap();
    let count = count.input_tokens.unsigned_abs().into();
    let request = Request::new(prompt("hello")).input_tokens(count);
    assert_eq!(request.options().input_tokens(), Some(count));
    stack.oneshot(request).await.unwrap();
    assert_eq!(
        usage(&handle, KEY).total_reserved,
        account(&sim, MODEL).reserved
    );
}

#[tokio::test(start_paused = true)]
async fn an_unset_maximum_reserves_the_models() {
    let sim = sim();
    let (stack, handle) = told(&sim);
    let request = Request::new(without_max_tokens("hello")).input_tokens(6);
    stack.oneshot(request).await.unwrap();
    assert_eq!(usage(&handle, KEY).total_reserved, 64_006);
    assert_eq!(account(&sim, MODEL).reserved, 64_006);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_counts_as_reserved() {
    let sim = sim();
    let (stack, handle) = told(&sim);
    let mut charged = 0;
    for n in 0..20 {
        let request = Request::new(prompt(&format!("prompt {n}"))).input_tokens(100);
        let wait = Duration::from_millis(100 * n);
        if timeout(wait, stack.clone().oneshot(request)).await.is_err() && n > 0 {
            charged += 1;
        }
    }
    let ours = usage(&handle, KEY);
    assert_eq!(ours.pending_calls, 0);
    assert!(charged > 5 && ours.total_used >= charged * 300, "{ours:?}");
    assert!(ours.total_used >= account(&sim, MODEL).settled);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_times_out_counts_as_reserved() {
    let quota = policy::quota_layer("us-east-1", Limit::tokens_per_minute(10_000));
    let handle = quota.handle();
    let slow = service_fn(|_: Request<ConverseInput>| {
        pending::<Result<Response<ConverseOutput>, Error>>()
    });
    let slow = AttemptTimeoutLayer::new(SECOND).layer(slow);
    let request = Request::new(prompt("hello")).input_tokens(100);
    let error = quota.layer(slow).oneshot(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(usage(&handle, KEY).total_used, 300);
}

#[tokio::test(start_paused = true)]
async fn faults_that_may_cost_something_are_never_counted_too_low() {
    for fault in [
        Fault::model_timeout(),
        Fault::model_error(),
        Fault::connection_reset(),
    ] {
        let sim = sim();
        sim.script([fault.clone()]);
        let quota = policy::quota_layer("us-east-1", Limit::tokens_per_minute(100_000));
        let handle = quota.handle();
        let request = Request::new(prompt("hello")).input_tokens(6);
        let error = quota
            .layer(bedrock(&sim))
            .oneshot(request)
            .await
            .unwrap_err();
        let (ours, theirs) = (usage(&handle, KEY), account(&sim, MODEL));
        assert_eq!(ours.total_used, 206, "{error}");
        // Burndown may take the charge above what was reserved, which nobody reports.
        assert!(theirs.settled > 0 && theirs.reserved == 206, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_body_of_invoke_model_is_read_and_its_headers_settle_it() {
    let sim = sim();
    let (stack, handle) = told(&sim);
    let anthropic = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":300,
        "messages":[{"role":"user","content":"hello"}]}"#;
    let nova = r#"{"schemaVersion":"messages-v1","inferenceConfig":{"maxTokens":400},
        "messages":[{"role":"user","content":[{"text":"hello"}]}]}"#;
    for (model, body, most) in [(MODEL, anthropic, 300), (NOVA, nova, 400)] {
        let key = format!("us-east-1/{model}");
        let request = Request::new(invoke(model, body)).input_tokens(6);
        let answer = stack.clone().oneshot(request).await.unwrap();
        let (ours, theirs) = (usage(&handle, &key), account(&sim, model));
        assert!(answer.meta().usage().is_some());
        assert_eq!(
            (ours.total_used, ours.total_reserved),
            (theirs.settled, most + 6)
        );
        assert_eq!(ours.total_reserved, theirs.reserved);
    }
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
async fn an_answer_that_does_not_say_counts_as_reserved() {
    let quota = policy::quota_layer("us-east-1", Limit::tokens_per_minute(10_000));
    let handle = quota.handle();
    let request = |tokens| Request::new(invoke(MODEL, r#"{"max_tokens":50}"#)).input_tokens(tokens);
    quota
        .layer(answers(None))
        .oneshot(request(10))
        .await
        .unwrap();
    assert_eq!(usage(&handle, KEY).total_used, 60);
    let mut reported = Usage::new(10, 20);
    reported.cache_read_tokens = 1_000;
    reported.cache_write_tokens = 300;
    let answered = answers(Some(reported));
    quota.layer(answered).oneshot(request(1_310)).await.unwrap();
    assert_eq!(usage(&handle, KEY).total_used, 60 + 10 + 300 + 5 * 20);
}

#[tokio::test(start_paused = true)]
async fn tables_and_bodies_are_the_users_to_change() {
    let cost = TokenCost::new("us-east-1")
        .burndown(Burndown::standard().with("anthropic.claude-sonnet-4-5", 7))
        .max_output(MaxOutput::standard().with("vendor.", 777))
        .read_body_with(|model, body| (model == "vendor.own" && body == b"30").then_some(30));
    let quota = cost.layer(Limit::tokens_per_minute(10_000));
    let handle = quota.handle();
    let service = quota.layer(answers(Some(Usage::new(0, 10))));
    for (model, body, reserved, used) in [
        (MODEL, r#"{"max_tokens":50}"#, 50, 70),
        ("vendor.own", "30", 30, 10),
        ("vendor.other", "30", 777, 10),
    ] {
        let request = Request::new(invoke(model, body)).input_tokens(0);
        service.clone().oneshot(request).await.unwrap();
        let ours = usage(&handle, &format!("us-east-1/{model}"));
        assert_eq!((ours.total_reserved, ours.total_used), (reserved, used));
    }
}

#[tokio::test(start_paused = true)]
async fn the_estimate_learns_from_what_is_reported() {
    // Bytes say three times more of this text than the simulator's characters do.
    let sim = sim();
    let (stack, handle) = told(&sim);
    let mut errors = Vec::new();
    for n in 0..60 {
        let before = usage_or_nothing(&handle);
        let mut input = prompt(&format!("{n} {}", "日本語".repeat(800)));
        input.inference_config.as_mut().unwrap().max_tokens = Some(100);
        let answer = stack.clone().oneshot(Request::new(input)).await.unwrap();
        let estimated = usage_or_nothing(&handle) - before - 100;
        let actual = answer.meta().usage().unwrap().input_tokens;
        errors.push(estimated as f64 / actual as f64);
    }
    assert!(errors[0] > 3.0, "{errors:?}");
    assert!((1.0..1.05).contains(&errors[59]), "{errors:?}");
}

fn usage_or_nothing(handle: &Ledger) -> u64 {
    handle
        .snapshot(&KEY.into())
        .map_or(0, |usage| usage.total_reserved)
}

#[tokio::test(start_paused = true)]
async fn a_throttle_carries_the_ledgers_wait_unless_the_server_has_one() {
    let sim = sim();
    let quota = policy::quota_layer("us-east-1", Limit::calls_per_minute(6).burst(1));
    let service = quota.layer(bedrock(&sim));
    sim.script([Fault::throttling().times(2)]);
    let first = service.clone().oneshot(Request::new(prompt("one")));
    assert!(first.await.unwrap_err().retry_after().is_some());
    let second = service.clone().oneshot(Request::new(prompt("two")));
    let wait = second.await.unwrap_err().retry_after().unwrap();
    let start = Instant::now();
    service
        .clone()
        .oneshot(Request::new(prompt("three")))
        .await
        .unwrap();
    // The call itself takes a second and some.
    let waited = start.elapsed() - SECOND;
    assert!(
        waited >= wait && waited < wait + SECOND,
        "{waited:?} and {wait:?}"
    );

    let hint = Duration::from_millis(7);
    sim.script([Fault::throttling().retry_after(hint)]);
    let hinted = service.oneshot(Request::new(prompt("four")));
    assert_eq!(hinted.await.unwrap_err().retry_after(), Some(hint));
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
async fn a_rejection_is_final_and_says_what_helps() {
    let sim = sim();
    let quotas = Quotas::new().model(
        MODEL,
        ModelQuota::new()
            .tokens_per_minute(50_000)
            .requests_per_minute(1),
    );
    let stack = StackLayer::new("us-east-1")
        .quotas(quotas)
        .layer(bedrock(&sim));
    let large = stack
        .clone()
        .oneshot(Request::new(without_max_tokens("hello")));
    let error = large.await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), error.retry_after()),
        (ErrorKind::QuotaRejected, Some(0), None)
    );
    let text = error.to_string();
    assert!(
        text.contains("64007 of 50000 tokens per 60s") && text.contains("max_tokens"),
        "{text}"
    );

    stack
        .clone()
        .oneshot(Request::new(prompt("one")))
        .await
        .unwrap();
    let start = Instant::now();
    let hasty = Request::new(prompt("two")).timeout(20 * SECOND);
    let error = stack.oneshot(hasty).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::QuotaRejected, Some(0))
    );
    let wait = error.retry_after().unwrap();
    // A minute after the first, which took a second and some.
    assert!((58 * SECOND..60 * SECOND).contains(&wait), "{wait:?}");
    assert!(error.to_string().contains(KEY), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_used_up_day_is_waited_for() {
    let sim = Simulator::new().model(Model::new(MODEL).tokens_per_day(3_000));
    let quotas = Quotas::new().model(MODEL, ModelQuota::new().tokens_per_day(3_000));
    let stack = StackLayer::new("us-east-1")
        .quotas(quotas)
        .layer(bedrock(&sim));
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < 3600 * SECOND {
        let request = Request::new(prompt(&calls.to_string())).input_tokens(10);
        stack.clone().oneshot(request).await.unwrap();
        calls += 1;
    }
    let hours = start.elapsed().as_secs() / 3600;
    assert!(
        calls > 2 && (23..=25).contains(&hours),
        "{calls} calls, {hours} h"
    );
    assert_eq!(account(&sim, MODEL).throttled, 0);
}

#[tokio::test(start_paused = true)]
async fn an_unforeseen_end_of_the_day_closes_the_key() {
    let sim = sim();
    let quota = policy::quota_layer("us-east-1", Limit::calls_per_minute(600));
    let service = quota.layer(bedrock(&sim));
    sim.script([Fault::throttling_daily()]);
    let spent = service.clone().oneshot(Request::new(prompt("one")));
    let error = spent.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert!(error.retry_after().unwrap() >= 3600 * SECOND);
    // Nobody waits that long without a word, and nothing is sent.
    let start = Instant::now();
    let error = service.clone().oneshot(Request::new(prompt("two")));
    let error = error.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert_eq!(error.retry_after(), Some(3600 * SECOND));
    assert!(error.to_string().contains(KEY), "{error}");
    assert_eq!(start.elapsed(), Duration::ZERO);
    tokio::time::advance(3600 * SECOND).await;
    service.oneshot(Request::new(prompt("two"))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_comes_all_at_once_loses_nothing() {
    let quotas = Quotas::new().model(MODEL, ModelQuota::new().requests_per_minute(60_000));
    let layer = StackLayer::new("us-east-1").quotas(quotas);
    let stack = layer.layer(answers(Some(Usage::new(1, 1))));
    let calls = (0..6_000).map(|n| {
        let body = format!(r#"{{"max_tokens":1,"n":{n}}}"#);
        stack.clone().oneshot(Request::new(invoke(MODEL, &body)))
    });
    let lost = join_all(calls).await.into_iter().find_map(Result::err);
    assert!(lost.is_none(), "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn a_quota_of_nothing_ends_in_good_time_and_says_so() {
    for workers in [1, 5, 50, 1_000] {
        let sim = Simulator::new().model(Model::new(MODEL).requests_per_minute(0));
        let stack = StackLayer::new("us-east-1").layer(bedrock(&sim));
        let start = Instant::now();
        let calls =
            (0..workers).map(|n| stack.clone().oneshot(Request::new(prompt(&n.to_string()))));
        let answers = join_all(calls).await;
        // Far before the ten minutes of a model that answers.
        assert!(start.elapsed() < 300 * SECOND, "{:?}", start.elapsed());
        for answer in answers {
            let error = answer.unwrap_err();
            assert!(error.to_string().contains("quota is 0"), "{error}");
            // One or two callers may have used up their attempts before.
            let attempts = error.attempts();
            let over = workers < 5 && error.kind() == ErrorKind::Throttled && attempts == Some(12);
            assert!(over || error.kind() == ErrorKind::Exhausted, "{error}");
            assert!(over || error.retry_after() > Some(60 * SECOND), "{error:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn told_that_there_is_no_quota_it_says_so_at_once() {
    let sim = sim();
    let quotas = Quotas::new().model(MODEL, ModelQuota::new().tokens_per_minute(0));
    let stack = StackLayer::new("us-east-1")
        .quotas(quotas)
        .layer(bedrock(&sim));
    let start = Instant::now();
    let error = stack
        .oneshot(Request::new(prompt("hello")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaRejected);
    assert!(error.to_string().contains("of 0 tokens per 60s"), "{error}");
    assert_eq!(start.elapsed(), Duration::ZERO);
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
