//! One model has one name, however a request spells it: one ledger, one circuit, one entry in the
//! quotas, one key in the cache.

mod asked;
#[path = "../common/mod.rs"]
mod common;
mod told;

use aws_sdk_bedrockruntime::{
    operation::{
        converse::ConverseInput,
        count_tokens::CountTokensInput,
        invoke_model::{InvokeModelInput, InvokeModelOutput},
    },
    primitives::Blob,
    types::{ConverseTokensRequest, CountTokensInput as Count},
};
use bedrock_sim::{Fault, Latency, Meter, Model, Simulator};
use common::{MODEL, bedrock, prompt};
use futures_util::future::join_all;
use std::{
    future::{pending, ready},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, timeout};
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_bedrock::{
    CacheKey, CacheScope, CountTokensLayer, Error, ErrorKind, Request, ResolveProfilesLayer,
    Response, StackLayer,
    monitor::{Monitor, Reason},
    policy::{self, ModelQuota, Profiles, Quotas, TokenCost},
};
use tower_circuit_breaker::State;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const KEY: &str = "us-east-1/us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const ARN: &str = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/\
                   us.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// Two teams' own profiles of [`MODEL`].
const TEAM_A: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/aaaa";
const TEAM_B: &str = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/bbbb";

/// A model that is called by all its names, and throttles what is one call too many.
fn sim(model: impl FnOnce(Model) -> Model) -> Simulator {
    let named = Model::new(MODEL)
        .also_called(ARN)
        .also_called(TEAM_A)
        .also_called(TEAM_B);
    Simulator::new().meter(Meter::Bucket).model(model(named))
}

fn converse(id: &str, text: &str) -> Request<ConverseInput> {
    let mut input = prompt(text);
    input.model_id = Some(id.to_owned());
    input.into()
}

fn invoke(id: &str, body: &str) -> Request<InvokeModelInput> {
    let input = InvokeModelInput::builder()
        .model_id(id)
        .body(Blob::new(body));
    input.build().expect("nothing is required").into()
}

fn keys(layer: &StackLayer) -> Vec<Arc<str>> {
    let mut keys = layer.handle().quota().keys();
    keys.sort();
    keys
}

/// Sixty calls at once, their names in turn: how long they take.
async fn sixty_calls(layer: &StackLayer, sim: &Simulator, names: &[&str]) -> Duration {
    let stack = layer.layer(bedrock(sim));
    let start = Instant::now();
    let calls = (0..60).map(|n| {
        let name = names[n % names.len()];
        stack
            .clone()
            .oneshot(converse(name, &format!("prompt {n}")))
    });
    for answer in join_all(calls).await {
        answer.expect("it has its turn");
    }
    start.elapsed()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_name_of_a_model_draws_on_one_ledger() {
    let by_arn = ModelQuota::new().requests_per_minute(60);
    for quotas in [
        Quotas::new().model(MODEL, by_arn),
        Quotas::new().model(ARN, by_arn),
        Quotas::new().model_in("us-east-1", ARN, by_arn),
    ] {
        let quotas = quotas.profile(TEAM_A, MODEL).profile(TEAM_B, ARN);
        let mut alone = None;
        for names in [&[MODEL][..], &[MODEL, ARN], &[TEAM_A, TEAM_B, ARN, MODEL]] {
            let sim = sim(|model| model.requests_per_minute(60).burst(SECOND));
            let layer = StackLayer::new("us-east-1").quotas(quotas.clone());
            let took = sixty_calls(&layer, &sim, names).await;
            assert_eq!(keys(&layer), [Arc::from(KEY)], "{names:?}");
            assert_eq!(
                layer.handle().monitor().keys(),
                [Arc::from(KEY)],
                "{names:?}"
            );
            let throttled = sim.usage().model(MODEL).expect("it was called").throttled;
            // What it costs to learn how the server counts, which no second name adds to.
            assert!(throttled <= 3, "{names:?}: {throttled}");
            let as_alone = took.as_secs_f64() / alone.get_or_insert(took).as_secs_f64();
            assert!((0.95..1.05).contains(&as_alone), "{names:?}: {as_alone}");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn every_name_of_a_model_has_one_circuit_and_one_day() {
    let sim = sim(|model| model);
    sim.script([Fault::throttling_daily()]);
    let quotas = Quotas::new().profile(TEAM_A, MODEL);
    let layer = StackLayer::new("us-east-1").quotas(quotas);
    let stack = layer.layer(bedrock(&sim));
    let call = |name: &str| stack.clone().oneshot(converse(name, "hello"));
    call(ARN).await.expect_err("the day is used up");
    assert_eq!(layer.handle().circuits().keys(), [Arc::from(KEY)]);
    let circuit = layer.handle().circuits().handle(&KEY.into());
    assert_eq!(circuit.snapshot().state, State::Closed);
    for name in [MODEL, ARN, TEAM_A] {
        let error = call(name).await.expect_err("the day is used up");
        assert_eq!(error.kind(), ErrorKind::Exhausted, "{name}");
    }
    circuit.force_open();
    for name in [MODEL, ARN, TEAM_A] {
        let error = call(name).await.expect_err("the circuit is open");
        assert_eq!(error.kind(), ErrorKind::CircuitOpen, "{name}");
    }
    assert_eq!(sim.usage().model(MODEL).expect("it was called").faulted, 1);
    // A name that nothing is known of is a model of its own.
    call(TEAM_B).await.expect("its circuit is closed");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_system_profile_is_the_same_to_the_cache_by_its_id_and_by_its_arn() {
    let sim = sim(|model| model);
    let layer = StackLayer::new("us-east-1");
    let stack = layer.layer(bedrock(&sim));
    for name in [
        MODEL,
        ARN,
        "arn:aws:bedrock:::inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ] {
        stack
            .clone()
            .oneshot(converse(name, "hello"))
            .await
            .expect("it is answered");
    }
    assert_eq!(sim.usage().model(MODEL).expect("it was called").admitted, 1);
    layer
        .handle()
        .cache()
        .invalidate_tag(&format!("model:{MODEL}"));
    stack
        .clone()
        .oneshot(converse(ARN, "hello"))
        .await
        .expect("it is answered");
    assert_eq!(sim.usage().model(MODEL).expect("it was called").admitted, 2);

    let key =
        |name: &str| CacheKey::of(&converse(name, "hello"), &CacheScope::new()).expect("a key");
    assert_eq!(key(MODEL), key(ARN));
    let others = [
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        TEAM_A,
        TEAM_B,
    ];
    for (n, other) in others.iter().enumerate() {
        assert_ne!(key(MODEL), key(other), "{other}");
        assert!(
            others[..n].iter().all(|earlier| key(earlier) != key(other)),
            "{other}"
        );
    }
    let body = |name: &str| CacheKey::of(&invoke(name, "{}"), &CacheScope::new()).expect("a key");
    assert_eq!(body(MODEL), body(ARN));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn all_models_together_have_a_limit_a_day() {
    let nova = "us.amazon.nova-lite-v1:0";
    let sim = Simulator::new()
        .latency(Latency::new(SECOND, Duration::ZERO))
        .model(Model::new(MODEL))
        .model(Model::new(nova));
    let quotas = Quotas::new()
        .tokens_per_day(1_000_000)
        .tokens_per_day_in("us-east-1", 3_000);
    let layer = StackLayer::new("us-east-1").quotas(quotas);
    let stack = layer.layer(bedrock(&sim));
    let call = |name: &str, n: usize| {
        let request = converse(name, &format!("prompt {n}")).timeout(MINUTE);
        stack.clone().oneshot(request.input_tokens(100))
    };
    // Each reserves 300 tokens: ten of them at once, of whatever model, and none more.
    let calls = (0..12).map(|n| call([MODEL, nova][n % 2], n));
    let answers = join_all(calls).await;
    let failed: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    let account = layer
        .handle()
        .quota()
        .snapshot(&"us-east-1".into())
        .expect("it was used");
    let usage = sim.usage();
    let settled: u64 = usage.models.values().map(|model| model.settled).sum();
    assert_eq!((account.total_used, account.pending_calls), (settled, 0));
    for error in &failed {
        assert_eq!(error.kind(), ErrorKind::QuotaRejected, "{error}");
        assert!(error.to_string().contains("us-east-1"), "{error}");
    }
    // Until the day has no room for one more.
    let mut n = 12;
    let error = loop {
        n += 1;
        match call(nova, n).await {
            Ok(_) => assert!(n < 200, "the limit holds"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::QuotaRejected, "{error}");
    let settled: u64 = sim.usage().models.values().map(|model| model.settled).sum();
    assert!((2_700..=3_000).contains(&settled), "{settled}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_dropped_while_it_waits_for_its_model_gives_the_day_back() {
    let sim = sim(|model| model);
    let quotas = Quotas::new()
        .tokens_per_day(10_000)
        .model(MODEL, ModelQuota::new().tokens_per_minute(300));
    let layer = StackLayer::new("us-east-1").quotas(quotas);
    let hangs = service_fn(|_: Request<ConverseInput>| pending::<Result<Response<_>, Error>>());
    let hanging = layer.clone().layer(hangs);
    let day = || {
        let account = layer.handle().quota().snapshot(&"us-east-1".into());
        let account = account.expect("it was used");
        (account.total_used, account.pending_tokens)
    };
    let call = hanging.oneshot(converse(MODEL, "sent").input_tokens(100));
    assert!(timeout(SECOND, call).await.is_err());
    assert_eq!(day(), (300, 0), "it was sent, and may have been charged");
    let stack = layer.layer(bedrock(&sim));
    let waits = stack.oneshot(converse(MODEL, "waits").input_tokens(100));
    assert!(timeout(SECOND, waits).await.is_err());
    assert_eq!(day(), (300, 0), "it was never sent");
}
