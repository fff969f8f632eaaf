//! Counting input tokens before a call, against the simulator and against mocks.

mod common;

use aws_sdk_bedrockruntime::{
    operation::{
        apply_guardrail::ApplyGuardrailInput,
        converse::{ConverseInput, ConverseOutput},
        count_tokens::{CountTokensInput, CountTokensOutput},
        invoke_model::InvokeModelInput,
    },
    primitives::Blob,
    types::{
        CountTokensInput as Counted, GuardrailContentBlock, GuardrailContentSource,
        GuardrailTextBlock, SystemContentBlock, Tool, ToolConfiguration, ToolInputSchema,
        ToolSpecification,
    },
};
use aws_smithy_types::Document;
use bedrock_sim::{Fault, Model, Operation, Simulator};
use common::{BASE_MODEL, MODEL, bedrock, prompt, simulator};
use futures_util::FutureExt;
use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, advance, timeout};
use tower::util::BoxCloneSyncService;
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_bedrock::{
    Bedrock, CountTokensLayer, Error, ErrorKind, Request, Response,
    policy::{self, ModelQuota, Quotas, TokenCost},
};
use tower_test::mock;

type Played<I, O> = mock::Handle<Request<I>, Response<O>>;
type Inner = mock::Mock<Request<ConverseInput>, Response<ConverseOutput>>;
type Counter = BoxCloneSyncService<Request<CountTokensInput>, Response<CountTokensOutput>, Error>;

const SECOND: Duration = Duration::from_secs(1);

/// Never, on a paused clock.
async fn soon<F: Future>(future: F) -> F::Output {
    let year = Duration::from_secs(365 * 86400);
    timeout(year, future).await.expect("it does not hang")
}

/// A service that notes the count each request came with, in front of `inner`.
fn noting<I: tower_bedrock::UnaryOperation>(
    inner: Bedrock,
    notes: &Notes,
) -> BoxCloneSyncService<Request<I>, Response<I::Output>, Error> {
    let notes = notes.clone();
    BoxCloneSyncService::new(service_fn(move |request: Request<I>| {
        let noted = request.options().input_tokens();
        notes.lock().push(noted);
        inner.clone().oneshot(request)
    }))
}

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<Option<u64>>>>);

impl Notes {
    fn lock(&self) -> MutexGuard<'_, Vec<Option<u64>>> {
        self.0.lock().expect("nobody panics with it")
    }

    fn taken(&self) -> Vec<Option<u64>> {
        std::mem::take(&mut self.lock())
    }
}

/// One of everything that is counted.
fn full_prompt() -> ConverseInput {
    let mut input = prompt("what is the weather like in Paris?");
    input.system = Some(vec![SystemContentBlock::Text("be brief".repeat(50))]);
    let schema = HashMap::from([("type".to_owned(), Document::from("object"))]);
    let tool = ToolSpecification::builder()
        .name("weather")
        .description("tells the weather".repeat(20))
        .input_schema(ToolInputSchema::Json(Document::Object(schema)))
        .build()
        .expect("it has a name and a schema");
    let config = ToolConfiguration::builder()
        .tools(Tool::ToolSpec(tool))
        .build()
        .expect("it has a tool");
    input.tool_config = Some(config);
    input
}

fn invoke(model: &str) -> InvokeModelInput {
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":64,
        "messages":[{"role":"user","content":"hello there, general"}]}"#;
    let input = InvokeModelInput::builder()
        .model_id(model)
        .body(Blob::new(body));
    input.build().expect("nothing is required")
}

fn fails(sim: &Simulator, times: u64) {
    sim.script([Fault::validation()
        .operation(Operation::CountTokens)
        .times(times)]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_request_goes_on_with_the_count_that_bedrock_charges() {
    let (sim, notes) = (simulator(), Notes::default());
    let layer = CountTokensLayer::new(bedrock(&sim));
    let service = layer.layer(noting::<ConverseInput>(bedrock(&sim), &notes));
    for input in [prompt("hello"), full_prompt()] {
        let request = Request::new(input).count_tokens();
        let response = service.clone().oneshot(request).await.unwrap();
        let charged = response.meta().usage().unwrap().input_tokens;
        assert_eq!(notes.taken(), [Some(charged)]);
    }
    assert_eq!(layer.handle().snapshot().counted, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_body_of_invoke_model_is_counted() {
    let (sim, notes) = (simulator(), Notes::default());
    let layer = CountTokensLayer::new(bedrock(&sim)).all();
    let service = layer.layer(noting::<InvokeModelInput>(bedrock(&sim), &notes));
    let response = service.oneshot(invoke(MODEL).into()).await.unwrap();
    let charged = response.meta().usage().unwrap().input_tokens;
    assert_eq!(notes.taken(), [Some(charged)]);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_quota_reserves_exactly_what_was_counted() {
    let sim = simulator();
    let quotas = Quotas::new().model(MODEL, ModelQuota::new().tokens_per_minute(1_000_000));
    let quota = TokenCost::new("us-east-1").layer(quotas);
    let handle = quota.handle();
    let service = ServiceBuilder::new()
        .layer(CountTokensLayer::new(bedrock(&sim)))
        .layer(quota)
        .service(bedrock(&sim));
    let request = Request::new(full_prompt()).count_tokens();
    let response = service.oneshot(request).await.unwrap();
    let charged = response.meta().usage().unwrap().input_tokens;
    let key = Arc::from(format!("us-east-1/{MODEL}"));
    let usage = handle.snapshot(&key).unwrap();
    assert_eq!(usage.total_reserved, charged + 200);
    assert_eq!(sim.usage().model(MODEL).unwrap().reserved, charged + 200);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn only_what_asks_for_it_is_counted_unless_all_is() {
    let (sim, notes) = (simulator(), Notes::default());
    let layer = CountTokensLayer::new(bedrock(&sim));
    let service = layer.layer(noting::<ConverseInput>(bedrock(&sim), &notes));
    service.oneshot(prompt("hello").into()).await.unwrap();
    assert_eq!(notes.taken(), [None]);

    let layer = CountTokensLayer::new(bedrock(&sim)).all();
    let service = layer.layer(noting::<ConverseInput>(bedrock(&sim), &notes));
    service
        .clone()
        .oneshot(prompt("hello").into())
        .await
        .unwrap();
    assert!(notes.taken()[0].is_some());
    let known = Request::new(prompt("hello")).input_tokens(3).count_tokens();
    service.oneshot(known).await.unwrap();
    assert_eq!(notes.taken(), [Some(3)]);
    assert_eq!(
        (
            layer.handle().snapshot().counted,
            layer.handle().snapshot().failed
        ),
        (1, 0)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_draws_no_tokens_or_names_no_model_goes_on_as_it_came() {
    let sim = simulator();
    let asked_too_much =
        service_fn(|_: Request<CountTokensInput>| async { panic!("there is nothing to count") });
    let layer = CountTokensLayer::new(asked_too_much).all();
    let text = GuardrailTextBlock::builder().text("hello").build().unwrap();
    let guardrail = ApplyGuardrailInput::builder()
        .guardrail_identifier("gr-1")
        .guardrail_version("1")
        .source(GuardrailContentSource::Input)
        .content(GuardrailContentBlock::Text(text))
        .build()
        .unwrap();
    let service = layer.layer(bedrock(&sim));
    service
        .clone()
        .oneshot(Request::new(guardrail))
        .await
        .unwrap();

    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
    let mut nameless = prompt("hello");
    nameless.model_id = None;
    let mut veiled = prompt("hello");
    veiled.model_id = Some(arn.to_owned());
    for input in [nameless, veiled] {
        let answered = service_fn(|request: Request<ConverseInput>| async move {
            assert_eq!(request.options().input_tokens(), None);
            Err::<Response<ConverseOutput>, _>(Error::new(ErrorKind::Other, "it came here"))
        });
        let error = layer
            .layer(answered)
            .oneshot(input.into())
            .await
            .unwrap_err();
        assert_eq!(error.message(), Some("it came here"));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_model_that_cannot_count_is_left_alone_for_a_minute() {
    let (sim, notes) = (simulator(), Notes::default());
    fails(&sim, 1);
    let layer = CountTokensLayer::new(bedrock(&sim)).all();
    let service = layer.layer(noting::<ConverseInput>(bedrock(&sim), &notes));
    let other = layer.layer(noting::<ConverseInput>(bedrock(&sim), &notes));
    service.clone().oneshot(prompt("a").into()).await.unwrap();
    advance(59 * SECOND).await;
    other.oneshot(prompt("b").into()).await.unwrap();
    assert_eq!(notes.taken(), [None, None]);
    let counts = layer.handle().snapshot();
    assert_eq!((counts.counted, counts.failed, counts.paused), (0, 1, 1));
    advance(SECOND).await;
    service.oneshot(prompt("c").into()).await.unwrap();
    assert!(notes.taken()[0].is_some());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_models_failure_is_its_profiles_and_no_other_models() {
    const OTHER: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
    let notes = Notes::default();
    let sim = simulator()
        .model(Model::new(BASE_MODEL))
        .model(Model::new(OTHER));
    fails(&sim, 1);
    let layer = CountTokensLayer::new(bedrock(&sim)).all();
    let service = layer.layer(noting::<InvokeModelInput>(bedrock(&sim), &notes));
    for model in [MODEL, BASE_MODEL, OTHER] {
        let call = service.clone().oneshot(invoke(model).into());
        call.await.unwrap();
    }
    assert!(matches!(notes.taken()[..], [None, None, Some(_)]));
    let counts = layer.handle().snapshot();
    assert_eq!((counts.counted, counts.failed, counts.paused), (1, 1, 1));
}

/// A counter that hangs the first time and answers from then on.
fn hangs_once() -> Counter {
    let hung = Arc::new(AtomicBool::new(false));
    BoxCloneSyncService::new(service_fn(move |_| {
        let hangs = !hung.swap(true, Ordering::Relaxed);
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
            Ok(count(7))
        }
    }))
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_count_that_takes_too_long_is_gone_without() {
    let (sim, notes) = (simulator(), Notes::default());
    let layer = CountTokensLayer::new(hangs_once())
        .all()
        .patience(2 * SECOND);
    let service = layer.layer(noting::<ConverseInput>(bedrock(&sim), &notes));
    let start = Instant::now();
    soon(service.oneshot(prompt("a").into())).await.unwrap();
    assert_eq!(notes.taken(), [None]);
    assert_eq!(start.elapsed().as_secs(), 2);
    assert_eq!(layer.handle().snapshot().failed, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_callers_deadline_ends_the_wait_and_is_not_held_against_the_model() {
    let sim = simulator();
    let layer = CountTokensLayer::new(hangs_once()).all();
    let service = layer.layer(bedrock(&sim));
    let hasty = Request::new(prompt("a")).timeout(SECOND);
    let start = Instant::now();
    let error = soon(service.clone().oneshot(hasty)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(start.elapsed().as_secs(), 1);
    soon(service.oneshot(prompt("b").into())).await.unwrap();
    let counts = layer.handle().snapshot();
    assert_eq!((counts.counted, counts.failed, counts.paused), (1, 1, 0));
}

/// A counter and an inner service that the test plays.
fn mocked() -> (
    CountTokensLayer<Counter>,
    Played<CountTokensInput, CountTokensOutput>,
    Inner,
    Played<ConverseInput, ConverseOutput>,
) {
    let (counter, counts) = mock::pair();
    let (inner, calls) = mock::pair();
    let counter = BoxCloneSyncService::new(counter.map_err(Error::from));
    (CountTokensLayer::new(counter).all(), counts, inner, calls)
}

fn count(tokens: i32) -> Response<CountTokensOutput> {
    let output = CountTokensOutput::builder().input_tokens(tokens).build();
    output.expect("that is all there is").into()
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_question_carries_the_whole_prompt_and_whose_it_is() {
    let (layer, mut counts, inner, mut calls) = mocked();
    let mut service = layer.layer(inner);
    let mut input = full_prompt();
    input.additional_model_request_fields = Some(Document::from("thinking"));
    let request = Request::new(input.clone())
        .tenant("acme")
        .priority(tower_bedrock::Priority::High);
    let call = tokio::spawn(soon(service.ready().await.unwrap().call(request)));
    let (question, answer) = counts.next_request().await.unwrap();
    assert_eq!(question.model_id.as_deref(), Some(BASE_MODEL));
    assert_eq!(question.options().tenant(), Some("acme"));
    assert_eq!(question.options().priority(), tower_bedrock::Priority::High);
    assert_eq!(
        question.options().deadline(),
        Some(Instant::now() + 5 * SECOND)
    );
    let Some(Counted::Converse(counted)) = &question.input else {
        panic!("it is a conversation");
    };
    assert_eq!(counted.messages, input.messages);
    assert_eq!(counted.system, input.system);
    assert_eq!(counted.tool_config, input.tool_config);
    let more = &counted.additional_model_request_fields;
    assert_eq!(more, &input.additional_model_request_fields);
    answer.send_response(count(7));
    let (request, answer) = calls.next_request().await.unwrap();
    assert_eq!(request.options().input_tokens(), Some(7));
    answer.send_error(Error::new(ErrorKind::Other, "enough"));
    call.await.unwrap().unwrap_err();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_instance_that_was_polled_ready_is_the_one_that_is_called() {
    let (layer, mut counts, inner, mut calls) = mocked();
    // A mock panics if one is called that is not ready; two calls may be made, and no more.
    calls.allow(1);
    counts.allow(1);
    let mut service = layer.layer(inner);
    let call = service.ready().await.unwrap().call(prompt("a").into());
    let call = tokio::spawn(soon(call));
    counts
        .next_request()
        .await
        .unwrap()
        .1
        .send_response(count(7));
    let answer = calls.next_request().await.unwrap().1;
    answer.send_error(Error::new(ErrorKind::Other, "enough"));
    call.await.unwrap().unwrap_err();
    // The one that stayed behind has yet to become ready.
    assert!(timeout(SECOND, service.ready()).await.is_err());
    calls.allow(1);
    soon(service.ready()).await.unwrap();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn readiness_and_its_errors_are_the_inner_services() {
    let (layer, _counts, inner, mut calls) = mocked();
    let mut service = layer.layer(inner);
    calls.allow(0);
    assert!(timeout(SECOND, service.ready()).await.is_err());
    calls.send_error(Error::new(ErrorKind::Capacity, "down"));
    let error = service.ready().await.map(|_| ()).unwrap_err();
    assert_eq!(Error::from(error).kind(), ErrorKind::Capacity);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_counter_that_is_never_ready_or_fails_holds_nobody_up() {
    let (layer, mut counts, inner, mut calls) = mocked();
    counts.allow(0);
    let mut service = layer.layer(inner);
    let call = tokio::spawn(soon(
        service.ready().await.unwrap().call(prompt("a").into()),
    ));
    let start = Instant::now();
    let (request, answer) = soon(calls.next_request()).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(request.options().input_tokens(), None);
    answer.send_error(Error::new(ErrorKind::Other, "enough"));
    call.await.unwrap().unwrap_err();

    advance(60 * SECOND).await;
    counts.send_error(Error::new(ErrorKind::Capacity, "down"));
    let call = tokio::spawn(soon(
        service.ready().await.unwrap().call(prompt("a").into()),
    ));
    let (request, answer) = soon(calls.next_request()).await.unwrap();
    assert_eq!(request.options().input_tokens(), None);
    answer.send_error(Error::new(ErrorKind::Other, "enough"));
    call.await.unwrap().unwrap_err();
    assert_eq!(layer.handle().snapshot().failed, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_count_below_nothing_is_none() {
    let (layer, mut counts, inner, mut calls) = mocked();
    let mut service = layer.layer(inner);
    let call = tokio::spawn(soon(
        service.ready().await.unwrap().call(prompt("a").into()),
    ));
    counts
        .next_request()
        .await
        .unwrap()
        .1
        .send_response(count(-1));
    let (request, answer) = calls.next_request().await.unwrap();
    assert_eq!(request.options().input_tokens(), None);
    answer.send_error(Error::new(ErrorKind::Other, "enough"));
    call.await.unwrap().unwrap_err();
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_dropped_request_takes_its_count_along_and_gives_its_place_back() {
    let (layer, mut counts, inner, mut calls) = mocked();
    let inner = tower::limit::ConcurrencyLimit::new(inner, 1);
    let mut service = layer.layer(inner);

    // While the counter becomes ready.
    counts.allow(0);
    let mut call = Box::pin(service.ready().await.unwrap().call(prompt("a").into()));
    assert!((&mut call).now_or_never().is_none());
    assert!(timeout(SECOND, service.ready()).await.is_err());
    drop(call);

    // While it counts.
    counts.allow(2);
    let mut call = Box::pin(
        soon(service.ready())
            .await
            .unwrap()
            .call(prompt("a").into()),
    );
    assert!((&mut call).now_or_never().is_none());
    let (_, answer) = counts.next_request().await.unwrap();
    drop(call);
    answer.send_response(count(7));

    // While the call is made.
    let mut call = Box::pin(
        soon(service.ready())
            .await
            .unwrap()
            .call(prompt("a").into()),
    );
    assert!((&mut call).now_or_never().is_none());
    let (_, answer) = counts.next_request().await.unwrap();
    answer.send_response(count(7));
    assert!((&mut call).now_or_never().is_none());
    let _asked = calls.next_request().await.unwrap();
    drop(call);

    soon(service.ready()).await.unwrap();
    let counts = layer.handle().snapshot();
    assert_eq!((counts.counted, counts.failed, counts.paused), (1, 0, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn it_stacks_between_a_cache_and_a_retry_layer() {
    let sim = simulator();
    sim.script([Fault::throttling().operation(Operation::Converse)]);
    let layer = CountTokensLayer::new(bedrock(&sim)).all();
    let service = ServiceBuilder::new()
        .layer(policy::response_cache_layer(
            "us-east-1",
            60 * SECOND,
            1 << 20,
        ))
        .layer(layer.clone())
        .layer(policy::RetryPolicy::new().layer_over_quota())
        .service(bedrock(&sim));
    for _ in 0..3 {
        let call = service.clone().oneshot(Request::new(prompt("hello")));
        soon(call).await.unwrap();
    }
    assert_eq!(layer.handle().snapshot().counted, 1);
}

#[test]
fn everything_can_be_sent_between_threads() {
    fn check<T: Send + Sync>() {}
    fn send<T: Send>() {}
    check::<tower_bedrock::CountTokens<Bedrock, Bedrock>>();
    send::<tower_bedrock::CountTokensFuture<ConverseInput, Bedrock, Bedrock>>();
}
