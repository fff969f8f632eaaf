//! Which answers Bedrock's cache policy keeps, what a hit says it saved, and answers as bytes.

mod common;

use aws_sdk_bedrockruntime::{
    operation::{
        converse::ConverseInput, count_tokens::CountTokensInput, invoke_model::InvokeModelInput,
    },
    primitives::Blob,
    types::{ConverseTokensRequest, CountTokensInput as Counted},
};
use bedrock_sim::{Fault, ScriptedAnswer, Simulator, StopReason};
use common::{BASE_MODEL, MODEL, bedrock, prompt, simulator};
use proptest::prelude::*;
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{task::yield_now, time::advance};
use tower::{Layer, Service, ServiceExt};
use tower_bedrock::{
    Bedrock, CacheKey, CacheStatus, CacheUse, Error, ErrorKind, Operation, Request, Response,
    UnaryOperation, Usage,
    policy::{Answer, CachePolicy, Price, PriceList},
    wire,
};
use tower_response_cache::{
    Codec, MemoryStore, Policy, RemoteEntry, RemoteStore, ResponseCacheLayer,
};

const HOUR: Duration = Duration::from_secs(3600);

const MIB: u64 = 1 << 20;

fn policy() -> CachePolicy {
    CachePolicy::new("us-east-1", HOUR)
}

fn admitted(sim: &Simulator) -> u64 {
    sim.usage().model(MODEL).map_or(0, |model| model.admitted)
}

/// Asks twice, and says how the cache took part in each answer.
async fn twice<I, S>(service: &S, request: I) -> [Option<CacheStatus>; 2]
where
    I: Operation,
    S: Service<Request<I>, Response = Response<I::Output>, Error = Error> + Clone,
{
    let first = service.clone().oneshot(Request::new(request.clone()));
    let first = first.await.expect("the simulator answers").meta().cache();
    let again = service.clone().oneshot(Request::new(request));
    [
        first,
        again.await.expect("the simulator answers").meta().cache(),
    ]
}

const KEPT: [Option<CacheStatus>; 2] = [Some(CacheStatus::Miss), Some(CacheStatus::Hit)];
const NOT_KEPT: [Option<CacheStatus>; 2] = [Some(CacheStatus::Miss); 2];
const BYPASSED: [Option<CacheStatus>; 2] = [Some(CacheStatus::Bypass); 2];

async fn ending_in(reason: StopReason, policy: CachePolicy) -> [Option<CacheStatus>; 2] {
    let sim = simulator();
    sim.script([ScriptedAnswer::new().stop_reason(reason).times(2)]);
    let service = policy.layer(MIB).layer(bedrock(&sim));
    twice(&service, prompt("hello")).await
}

#[tokio::test(start_paused = true)]
async fn complete_answers_alone_are_kept() {
    for reason in [StopReason::EndTurn, StopReason::StopSequence] {
        assert_eq!(ending_in(reason, policy()).await, KEPT, "{reason:?}");
    }
    for reason in [
        StopReason::MaxTokens,
        StopReason::ToolUse,
        StopReason::ModelContextWindowExceeded,
        StopReason::GuardrailIntervened,
        StopReason::ContentFiltered,
        StopReason::MalformedModelOutput,
        StopReason::MalformedToolUse,
    ] {
        assert_eq!(ending_in(reason, policy()).await, NOT_KEPT, "{reason:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_user_may_have_more_kept_and_never_a_refusal() {
    for reason in [
        StopReason::MaxTokens,
        StopReason::ModelContextWindowExceeded,
    ] {
        let asked = ending_in(reason, policy().truncated(true)).await;
        assert_eq!(asked, KEPT, "{reason:?}");
        let other = ending_in(reason, policy().tool_use(true)).await;
        assert_eq!(other, NOT_KEPT, "{reason:?}");
    }
    let reason = StopReason::ToolUse;
    assert_eq!(ending_in(reason, policy().tool_use(true)).await, KEPT);
    assert_eq!(ending_in(reason, policy().truncated(true)).await, NOT_KEPT);
    for reason in [StopReason::GuardrailIntervened, StopReason::ContentFiltered] {
        let policy = policy().truncated(true).tool_use(true);
        assert_eq!(ending_in(reason, policy).await, NOT_KEPT, "{reason:?}");
    }
}

fn warm(temperature: Option<f32>) -> ConverseInput {
    let mut input = prompt("hello");
    let inference = input.inference_config.as_mut();
    inference.expect("prompts have one").temperature = temperature;
    input
}

fn invoke(temperature: &str) -> InvokeModelInput {
    let body = format!(
        r#"{{"anthropic_version":"bedrock-2023-05-31","max_tokens":400{temperature},
            "messages":[{{"role":"user","content":"hello"}}]}}"#
    );
    InvokeModelInput::builder()
        .model_id(MODEL)
        .body(Blob::new(body))
        .build()
        .expect("nothing is required")
}

fn count() -> CountTokensInput {
    let request = ConverseTokensRequest::builder()
        .set_messages(prompt("hello").messages)
        .build();
    CountTokensInput::builder()
        .model_id(BASE_MODEL)
        .input(Counted::Converse(request))
        .build()
        .expect("nothing is required")
}

#[tokio::test(start_paused = true)]
async fn any_temperature_is_cached_unless_the_user_says_otherwise() {
    let sim = simulator();
    let all = policy().layer(MIB).layer(bedrock(&sim));
    let certain = policy().sampled(false).layer(MIB).layer(bedrock(&sim));
    for temperature in [None, Some(1.0), Some(0.01)] {
        assert_eq!(twice(&all, warm(temperature)).await, KEPT);
        assert_eq!(twice(&certain, warm(temperature)).await, BYPASSED);
    }
    assert_eq!(twice(&certain, warm(Some(0.0))).await, KEPT);
    assert_eq!(twice(&all, invoke("")).await, KEPT);
    assert_eq!(twice(&certain, invoke("")).await, BYPASSED);
    assert_eq!(
        twice(&certain, invoke(r#","temperature":0.5"#)).await,
        BYPASSED
    );
    assert_eq!(twice(&certain, invoke(r#","temperature":0"#)).await, KEPT);
    assert_eq!(twice(&certain, count()).await, KEPT);
}

#[tokio::test(start_paused = true)]
async fn accounts_share_no_answers_in_one_store() {
    let sim = simulator();
    let remote = Shared::default();
    for account in ["1", "2"] {
        let policy = policy().account(account);
        let layer: Layered =
            ResponseCacheLayer::with_remote(policy, MemoryStore::new(MIB), remote.clone());
        let service = layer.layer(bedrock(&sim).with_raw_responses());
        assert_eq!(twice(&service, prompt("hello")).await, KEPT);
        yield_now().await;
    }
    assert_eq!((admitted(&sim), remote.len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_hit_is_charged_nothing_and_its_savings_are_summed() {
    let sim = simulator();
    let prices = PriceList::new().model(
        "anthropic.claude-sonnet",
        Price::new(3.0, 15.0).cache_read(0.3).cache_write(3.75),
    );
    let policy = policy().prices(prices);
    let savings = policy.savings();
    let service = policy.layer(MIB).layer(bedrock(&sim));
    sim.script([ScriptedAnswer::new().text("hi").cache_tokens(4, 2)]);
    let ask = |request| service.clone().oneshot(request);
    let first = ask(Request::new(prompt("hello"))).await.unwrap();
    assert_eq!(
        (first.meta().saved(), savings.snapshot().answers),
        (None, 0)
    );
    let charged = first.meta().usage().unwrap();
    for _ in 0..2 {
        let hit = ask(Request::new(prompt("hello"))).await.unwrap();
        assert_eq!(
            (hit.meta().usage(), hit.meta().saved()),
            (Some(Usage::default()), Some(charged))
        );
        assert_eq!(hit.meta().model_id(), Some(MODEL));
    }
    // Neither is an answer of the cache's.
    for cache in [CacheUse::Refresh, CacheUse::Bypass] {
        ask(Request::new(prompt("hello")).cache(cache))
            .await
            .unwrap();
    }
    let saved = savings.snapshot();
    assert_eq!((saved.answers, saved.unpriced), (2, 0));
    assert_eq!(saved.usage, charged.saturating_add(charged));
    assert!(charged.cache_read_tokens > 0 && charged.cache_write_tokens > 0);
    let [input, output] = [charged.input_tokens, charged.output_tokens].map(|n| n as f64);
    let [read, write] = [charged.cache_read_tokens, charged.cache_write_tokens].map(|n| n as f64);
    let money = 2.0 * (input * 3.0 + output * 15.0 + read * 0.3 + write * 3.75) / 1e6;
    assert!((saved.money - money).abs() < 1e-12, "{saved:?}");
}

#[tokio::test(start_paused = true)]
async fn what_has_no_price_or_no_usage_is_counted_as_such() {
    let sim = simulator();
    let policy = policy().prices(PriceList::new().model("amazon.", Price::new(1.0, 1.0)));
    let savings = policy.savings();
    let service = policy.layer(MIB).layer(bedrock(&sim));
    twice(&service, prompt("hello")).await;
    twice(&service, count()).await;
    let saved = savings.snapshot();
    assert_eq!((saved.answers, saved.unpriced, saved.money), (2, 2, 0.0));
    assert!(saved.usage.total_tokens() > 0);
}

#[tokio::test(start_paused = true)]
async fn an_old_answer_is_better_than_a_throttle_if_the_user_says_so() {
    for (faults, served) in [(Fault::throttling(), true), (Fault::validation(), false)] {
        let sim = simulator();
        let layer = policy().stale_if_error(HOUR).layer(MIB);
        let service = layer.layer(bedrock(&sim));
        let ask = || service.clone().oneshot(Request::new(prompt("hello")));
        let first = ask().await.unwrap();
        advance(HOUR).await;
        sim.script([faults]);
        match ask().await {
            Ok(stale) => {
                assert!(served);
                assert_eq!(stale.meta().cache(), Some(CacheStatus::StaleIfError));
                assert_eq!(*stale, *first);
            }
            Err(error) => assert!(!served && error.kind() == ErrorKind::Invalid),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_says_how_a_cache_may_take_part() {
    let sim = simulator();
    // A request for a stored answer never reaches Bedrock, not even where chance would bypass.
    let service = policy().sampled(false).layer(MIB).layer(bedrock(&sim));
    let only = || Request::new(warm(None)).cache(CacheUse::OnlyIfCached);
    let error = service.clone().oneshot(only()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotCached);
    assert_eq!(admitted(&sim), 0);

    let service = policy().layer(MIB).layer(bedrock(&sim));
    let status = async |request: Request<ConverseInput>| {
        let response = service.clone().oneshot(request).await?;
        Ok::<_, Error>(response.meta().cache().unwrap())
    };
    let hello = || Request::new(prompt("hello"));
    let unstored = hello().cache(CacheUse::NoStore);
    assert_eq!(status(unstored.clone()).await.unwrap(), CacheStatus::Miss);
    let only = hello().cache(CacheUse::OnlyIfCached);
    let error = status(only.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotCached);

    let minute = Duration::from_secs(60);
    let brief = hello().cache_for(minute);
    assert_eq!(status(brief).await.unwrap(), CacheStatus::Miss);
    assert_eq!(status(unstored).await.unwrap(), CacheStatus::Hit);
    assert_eq!(status(only.clone()).await.unwrap(), CacheStatus::Hit);
    advance(minute).await;
    assert!(status(only).await.is_err());
    assert_eq!(admitted(&sim), 2);
}

#[tokio::test(start_paused = true)]
async fn invalidated_tenant_leaves_the_calls_of_others_alone() {
    let sim = simulator();
    let layer = policy().layer(MIB);
    let inner = bedrock(&sim);
    let slow = tower::service_fn(move |request: Request<ConverseInput>| {
        let call = inner.clone().oneshot(request);
        async move {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            call.await
        }
    });
    let service = layer.layer(slow);
    let ask = |tenant| {
        let request = Request::new(prompt("hello")).tenant(tenant);
        tokio::spawn(service.clone().oneshot(request))
    };
    let mut calls = vec![ask("acme"), ask("umbrella")];
    tokio::task::yield_now().await;
    assert_eq!(layer.handle().snapshot().flights, 2);
    layer.handle().invalidate_tag("tenant:acme");
    calls.extend([ask("acme"), ask("umbrella")]);
    let mut statuses = Vec::new();
    for call in calls {
        statuses.extend(call.await.unwrap().unwrap().meta().cache());
    }
    use CacheStatus::{Joined, Miss};
    assert_eq!(statuses, [Miss, Miss, Miss, Joined]);
    assert_eq!(layer.handle().snapshot().store.entries, 2);
}

#[tokio::test(start_paused = true)]
async fn answers_are_found_by_model_and_tenant() {
    let sim = simulator();
    let layer = policy().layer(MIB);
    let service = layer.layer(bedrock(&sim));
    let status = async |tenant: &str| {
        let request = Request::new(prompt("hello")).tenant(tenant);
        service
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .meta()
            .cache()
            .unwrap()
    };
    for tenant in ["acme", "umbrella"] {
        assert_eq!(status(tenant).await, CacheStatus::Miss);
    }
    layer.handle().invalidate_tag("tenant:acme");
    assert_eq!(status("umbrella").await, CacheStatus::Hit);
    assert_eq!(status("acme").await, CacheStatus::Miss);
    layer.handle().invalidate_tag(&format!("model:{MODEL}"));
    assert_eq!(status("umbrella").await, CacheStatus::Miss);
}

#[tokio::test(start_paused = true)]
async fn an_answer_weighs_its_raw_response_too() {
    let sim = simulator();
    let weight = async |bedrock: Bedrock| {
        let layer = policy().layer(MIB);
        let call = layer.layer(bedrock).oneshot(Request::new(prompt("hello")));
        let raw = call
            .await
            .unwrap()
            .meta()
            .raw()
            .map_or(0, |raw| raw.body().len());
        (layer.handle().snapshot().store.weight, raw as u64)
    };
    let (plain, none) = weight(bedrock(&sim)).await;
    let (both, raw) = weight(bedrock(&sim).with_raw_responses()).await;
    assert!(none == 0 && raw > 0);
    assert!(both > plain + raw, "its headers, too");
}

#[tokio::test(start_paused = true)]
async fn a_raw_response_is_the_very_answer_and_comes_only_when_asked_for() {
    let sim = simulator();
    let ask = |bedrock: Bedrock| bedrock.oneshot(Request::new(prompt("hello")));
    assert!(ask(bedrock(&sim)).await.unwrap().meta().raw().is_none());
    let response = ask(bedrock(&sim).with_raw_responses()).await.unwrap();
    let raw = response.meta().raw().unwrap();
    let again = wire::response::<ConverseInput>(raw.clone()).unwrap();
    assert_eq!(*again, *response);
    assert_eq!(
        (again.meta().usage(), again.meta().request_id()),
        (response.meta().usage(), response.meta().request_id())
    );
    let text = format!("{response:?}");
    assert!(!text.contains("message"), "{text}");
}

/// A store outside the process.
#[derive(Clone, Default)]
struct Shared {
    entries: Arc<Mutex<HashMap<CacheKey, Vec<u8>>>>,
}

type Layered = ResponseCacheLayer<CachePolicy, CacheKey, Answer>;

impl Shared {
    fn len(&self) -> usize {
        self.entries.lock().expect("no test panics in here").len()
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<CacheKey, Vec<u8>>)) {
        change(&mut self.entries.lock().expect("no test panics in here"));
    }
}

impl RemoteStore<CacheKey> for Shared {
    type Error = Infallible;

    async fn get(&self, key: &CacheKey) -> Result<Option<RemoteEntry>, Infallible> {
        let entries = self.entries.lock().expect("no test panics in here");
        Ok(entries
            .get(key)
            .map(|bytes| RemoteEntry::new(bytes.clone(), HOUR)))
    }

    async fn insert(&self, key: &CacheKey, entry: RemoteEntry) -> Result<(), Infallible> {
        self.change(|entries| drop(entries.insert(*key, entry.bytes)));
        Ok(())
    }

    async fn remove(&self, key: &CacheKey) -> Result<(), Infallible> {
        self.change(|entries| drop(entries.remove(key)));
        Ok(())
    }

    async fn remove_tag(&self, _: &str) -> Result<(), Infallible> {
        Ok(())
    }

    async fn clear(&self) -> Result<(), Infallible> {
        self.change(HashMap::clear);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn answers_of_every_operation_outlive_the_process_in_a_remote_store() {
    async fn check<I: UnaryOperation>(input: I, usage: bool)
    where
        I::Output: PartialEq,
    {
        let (sim, remote) = (simulator(), Shared::default());
        // Each has a memory of its own, as another process has.
        let service = || {
            let layer: Layered =
                ResponseCacheLayer::with_remote(policy(), MemoryStore::new(MIB), remote.clone());
            layer.layer(bedrock(&sim).with_raw_responses())
        };
        let first = service()
            .oneshot(Request::new(input.clone()))
            .await
            .unwrap();
        yield_now().await;
        assert_eq!(remote.len(), 1);
        for _ in 0..2 {
            let again = service()
                .oneshot(Request::new(input.clone()))
                .await
                .unwrap();
            assert_eq!(again.meta().cache(), Some(CacheStatus::Hit));
            assert!(*again == *first);
            assert_eq!(again.meta().saved(), first.meta().usage());
            assert_eq!(again.meta().saved().is_some(), usage);
            assert_eq!(again.meta().request_id(), first.meta().request_id());
            assert_eq!(again.meta().model_id(), input.model_id());
        }
    }
    check(prompt("hello"), true).await;
    check(invoke(""), true).await;
    check(count(), false).await;
}

#[tokio::test(start_paused = true)]
async fn without_the_raw_response_nothing_leaves_the_process() {
    let (sim, remote) = (simulator(), Shared::default());
    let layer: Layered =
        ResponseCacheLayer::with_remote(policy(), MemoryStore::new(MIB), remote.clone());
    assert_eq!(
        twice(&layer.layer(bedrock(&sim)), prompt("hello")).await,
        KEPT
    );
    yield_now().await;
    assert_eq!(remote.len(), 0);
}

/// An answer as bytes.
fn stored() -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a timer needs no rights");
    let bedrock = bedrock(&simulator()).with_raw_responses();
    let call = bedrock.oneshot(Request::new(prompt("hello")));
    let response = runtime.block_on(call).expect("the simulator answers");
    let answer = Policy::<Request<ConverseInput>, _, _>::share(&policy(), &response);
    answer
        .and_then(|answer| answer.encode())
        .expect("the response is raw")
}

#[test]
fn an_answer_has_the_same_bytes_again() {
    let bytes = stored();
    let answer = Answer::decode(&bytes).unwrap();
    assert_eq!(answer.encode().unwrap(), bytes);
}

#[test]
fn damaged_bytes_are_no_answer() {
    let bytes = stored();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(Answer::decode(&damaged).is_none(), "byte {at}");
        assert!(Answer::decode(&bytes[..at]).is_none(), "length {at}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Answer::decode(&bytes).is_none());
    }
}
