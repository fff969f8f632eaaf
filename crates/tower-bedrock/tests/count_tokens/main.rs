//! Counting input tokens before a call, against the simulator and against mocks.

#[path = "../common/mod.rs"]
mod common;
mod failures;
mod layer;

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
