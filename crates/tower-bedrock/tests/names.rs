//! One model has one name, however a request spells it: one ledger, one circuit, one entry in the
//! quotas, one key in the cache.

mod common;

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
            assert_eq!(keys(&layer), [KEY.into()], "{names:?}");
            assert_eq!(layer.handle().monitor().keys(), [KEY.into()], "{names:?}");
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
    assert_eq!(layer.handle().circuits().keys(), [KEY.into()]);
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
async fn what_an_arn_stands_for_gives_its_burndown_maximum_and_body_format() {
    let nova = "us.amazon.nova-lite-v1:0";
    let sim = Simulator::new();
    let monitor = Monitor::new();
    let quotas = Quotas::new()
        .profile(TEAM_A, MODEL)
        .profile(TEAM_B, nova)
        .profile("my-imported-titan", "amazon.titan-embed-text-v2:0");
    let cost = TokenCost::new("us-east-1").monitored_by(monitor.clone());
    let layer = StackLayer::new("us-east-1").quota(cost.layer(quotas));
    let stack = layer.layer(bedrock(&sim));
    let mut without_maximum = prompt("hello");
    without_maximum.model_id = Some(TEAM_A.to_owned());
    without_maximum.inference_config = None;
    stack
        .clone()
        .oneshot(Request::new(without_maximum).input_tokens(0))
        .await
        .expect("answered");
    let used = monitor.snapshot(KEY).expect("it was called");
    let usage = used.usage;
    assert_eq!(used.reserved_tokens, 64_000);
    assert_eq!(
        used.charged_tokens,
        usage.input_tokens + 5 * usage.output_tokens
    );

    // By the name Nova has for its limit, which Claude does not have.
    let body = r#"{"max_tokens": 9, "inferenceConfig": {"maxTokens": 70}}"#;
    let echo = service_fn(|_: Request<InvokeModelInput>| {
        let output = InvokeModelOutput::builder()
            .body(Blob::new("{}"))
            .content_type("x");
        let response = output.build().map(Response::new);
        ready(Ok::<_, Error>(
            response.expect("all that is required is given"),
        ))
    });
    let stack = layer.layer(echo);
    for (name, key, tokens) in [
        (TEAM_B, "us-east-1/us.amazon.nova-lite-v1:0", 70),
        (
            "my-imported-titan",
            "us-east-1/amazon.titan-embed-text-v2:0",
            0,
        ),
    ] {
        let request = invoke(name, body).input_tokens(0);
        stack
            .clone()
            .oneshot(request)
            .await
            .expect("it is answered");
        let used = monitor.snapshot(key).expect("it was called");
        assert_eq!(used.reserved_tokens, tokens, "{name}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_request_may_say_itself_what_it_stands_for() {
    let sim = sim(|model| model);
    let layer = StackLayer::new("us-east-1").quotas(Quotas::new().profile(TEAM_A, "other.model"));
    let stack = layer.layer(bedrock(&sim));
    let request = converse(TEAM_A, "hello").stands_for(ARN);
    stack.oneshot(request).await.expect("it is answered");
    assert_eq!(keys(&layer), [KEY.into()]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_arn_of_which_nothing_is_known_is_warned_of_once_with_what_to_add() {
    let sim = sim(|model| model);
    let told = Arc::new(Mutex::new(vec![]));
    let monitor = Monitor::new().on_advice({
        let told = Arc::clone(&told);
        move |advice| {
            told.lock()
                .expect("whole")
                .push((advice.reason, advice.to_string()));
        }
    });
    let quotas = Quotas::new().profile(TEAM_B, MODEL);
    let quota = TokenCost::new("us-east-1")
        .monitored_by(monitor.clone())
        .layer(quotas);
    let stack = StackLayer::new("us-east-1")
        .quota(quota)
        .layer(bedrock(&sim));
    for (n, name) in [TEAM_A, MODEL, TEAM_A, ARN, TEAM_B, TEAM_A]
        .iter()
        .enumerate()
    {
        let request = converse(name, &format!("prompt {n}"));
        stack
            .clone()
            .oneshot(request)
            .await
            .expect("it is answered");
    }
    let told = told.lock().expect("whole");
    assert_eq!(told.len(), 1, "{told:?}");
    let (reason, text) = &told[0];
    assert_eq!(*reason, Reason::UnknownModel);
    assert_eq!(
        *text,
        format!(
            "us-east-1/{TEAM_A}: nothing says which model this is, so it has a quota of its own, \
             and the burndown and maximum of an unknown model; if it shares a model's quota, add \
             the model or system profile behind it to the quotas: in the file [profiles] \
             \"{TEAM_A}\" = \"us.anthropic.…\", in code Quotas::profile"
        )
    );
    // It can be asked for at any time, too.
    let advice = monitor.advice();
    assert_eq!(advice.len(), 1);
    assert_eq!(advice[0].to_string(), *text);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn who_gives_an_arn_tables_of_its_own_is_not_warned() {
    let sim = sim(|model| model);
    let monitor = Monitor::new();
    let quota = TokenCost::new("us-east-1")
        .monitored_by(monitor.clone())
        .burndown(policy::Burndown::standard().with(TEAM_A, 5))
        .layer(Quotas::new());
    let stack = StackLayer::new("us-east-1")
        .quota(quota)
        .layer(bedrock(&sim));
    stack
        .oneshot(converse(TEAM_A, "hello"))
        .await
        .expect("it is answered");
    assert_eq!(monitor.advice(), []);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn tokens_are_counted_for_what_an_arn_stands_for() {
    let sim = Simulator::new();
    let counting = CountTokensLayer::new(bedrock(&sim)).all();
    let counts = counting.handle();
    let names = ResolveProfilesLayer::new(Profiles::new().with(TEAM_A, MODEL));
    let service = names.layer(counting.layer(bedrock(&sim)));
    service
        .oneshot(converse(TEAM_A, "hello"))
        .await
        .expect("it is answered");
    assert_eq!(counts.snapshot().counted, 1);
    // Counting has a quota of its own, of one name as well.
    let request = ConverseTokensRequest::builder().build();
    let count = |id: &str| {
        let input = CountTokensInput::builder()
            .model_id(id)
            .input(Count::Converse(request.clone()));
        Request::new(input.build().expect("all that is required is given"))
    };
    let layer = StackLayer::new("us-east-1");
    let stack = layer.layer(bedrock(&sim));
    for id in [MODEL, ARN] {
        let _ = stack.clone().oneshot(count(id)).await;
    }
    assert_eq!(keys(&layer), [format!("{KEY}/CountTokens").into()]);
}

/// A layer that asks AWS for application profiles: of each how often, and answered with what.
fn asking<F>(
    answer: impl Fn(usize) -> F + Send + Sync + 'static,
) -> (ResolveProfilesLayer, Arc<AtomicUsize>)
where
    F: Future<Output = Result<Vec<String>, BoxError>> + Send + 'static,
{
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let layer = ResolveProfilesLayer::new(Profiles::new()).ask(move |arn| {
        assert!(arn.contains(":application-inference-profile/"), "{arn}");
        answer(count.fetch_add(1, Ordering::Relaxed))
    });
    (layer, asked)
}

/// What `GetInferenceProfile` says of a profile that was made of [`MODEL`].
fn models() -> Result<Vec<String>, BoxError> {
    let arn = |region: &&str| {
        format!(
            "arn:aws:bedrock:{region}::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"
        )
    };
    Ok(["us-east-1", "us-east-2", "us-west-2"]
        .iter()
        .map(arn)
        .collect())
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn aws_is_asked_once_for_each_application_profile_whoever_waits() {
    let sim = sim(|model| model);
    let (names, asked) = asking(|_| async {
        tokio::time::sleep(SECOND).await;
        models()
    });
    let layer = StackLayer::new("us-east-1").resolve_profiles(names);
    let stack = layer.layer(bedrock(&sim));
    // The one that asks is dropped while it waits, and the others get the answer all the same.
    let dropped = stack.clone().oneshot(converse(TEAM_A, "dropped"));
    assert!(timeout(SECOND / 2, dropped).await.is_err());
    let calls = (0..20).map(|n| {
        let name = [TEAM_A, TEAM_A, MODEL, ARN][n % 4];
        stack
            .clone()
            .oneshot(converse(name, &format!("prompt {n}")))
    });
    let start = Instant::now();
    for answer in join_all(calls).await {
        answer.expect("it is answered");
    }
    assert_eq!(start.elapsed(), SECOND / 2);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(keys(&layer), [KEY.into()]);
    stack
        .clone()
        .oneshot(converse(TEAM_B, "hello"))
        .await
        .expect("it is answered");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert_eq!(keys(&layer), [KEY.into()]);
    // What is told is not asked for, whichever was given first.
    for order in [true, false] {
        let (names, asked) = asking(|_| ready(models()));
        let quotas = Quotas::new().profile(TEAM_A, MODEL);
        let layer = StackLayer::new("us-east-1");
        let layer = match order {
            true => layer.quotas(quotas).resolve_profiles(names),
            false => layer.resolve_profiles(names).quotas(quotas),
        };
        let stack = layer.layer(bedrock(&sim));
        stack
            .oneshot(converse(TEAM_A, "hello"))
            .await
            .expect("it is answered");
        assert_eq!(asked.load(Ordering::Relaxed), 0);
        assert_eq!(keys(&layer), [KEY.into()]);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_failure_to_ask_fails_no_call_and_is_remembered_for_a_while() {
    let sim = sim(|model| model);
    let (names, asked) = asking(|n| async move {
        match n {
            0 => Err("access denied".into()),
            1 => Ok(vec!["one.model".to_owned(), "another.model".to_owned()]),
            2 => panic!("for a test"),
            _ => models(),
        }
    });
    let layer = StackLayer::new("us-east-1").resolve_profiles(names.pause(MINUTE));
    let stack = layer.layer(bedrock(&sim));
    let own = format!("us-east-1/{TEAM_A}");
    for failures in 1..=3 {
        for n in 0..5 {
            let request = converse(TEAM_A, &format!("prompt {failures} {n}"));
            stack
                .clone()
                .oneshot(request)
                .await
                .expect("it is answered");
        }
        assert_eq!(asked.load(Ordering::Relaxed), failures);
        assert_eq!(keys(&layer), [own.as_str().into()]);
        tokio::time::advance(MINUTE).await;
    }
    stack
        .oneshot(converse(TEAM_A, "hello"))
        .await
        .expect("it is answered");
    assert!(keys(&layer).contains(&KEY.into()));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn an_answer_that_takes_long_holds_up_the_first_calls_alone() {
    let sim = sim(|model| model);
    let (names, asked) = asking(|_| async {
        tokio::time::sleep(MINUTE).await;
        models()
    });
    let layer = StackLayer::new("us-east-1").resolve_profiles(names.patience(2 * SECOND));
    let stack = layer.layer(bedrock(&sim));
    let start = Instant::now();
    stack
        .clone()
        .oneshot(converse(TEAM_A, "one"))
        .await
        .expect("it is answered");
    assert_eq!(start.elapsed(), 2 * SECOND);
    stack
        .clone()
        .oneshot(converse(TEAM_A, "two"))
        .await
        .expect("it is answered");
    assert_eq!(start.elapsed(), 2 * SECOND);
    assert_eq!(keys(&layer), [format!("us-east-1/{TEAM_A}").into()]);
    tokio::time::sleep(MINUTE).await;
    stack
        .oneshot(converse(TEAM_A, "three"))
        .await
        .expect("it is answered");
    assert!(keys(&layer).contains(&KEY.into()));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
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
