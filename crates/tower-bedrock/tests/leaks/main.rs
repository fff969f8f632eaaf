//! Prompts, answers and secrets reach no error text, no `Debug` and no log line of ours, whatever
//! fails.
//!
//! All of them have the word CANARY in them, which is looked for. A new kind of failure is a line in
//! `rows`.

#[path = "../common/mod.rs"]
mod common;
mod inputs;
mod interceptors;
mod listen;
mod rows;
#[path = "../common/steps.rs"]
mod steps;

use aws_sdk_bedrockruntime::config::{Builder, Credentials, Token};
use aws_smithy_runtime_api::client::auth::{AuthSchemeId, AuthSchemePreference};
use bedrock_sim::{Fault, ScriptedAnswer};
use common::{MODEL, simulator};
use inputs::{check, chunks, converse, count, get, guardrail, invoke, list, start, stream};
use listen::Heard;
use rows::{Row, rows};
use std::{error::Error as StdError, fmt, num::NonZeroU32, sync::Arc, time::Duration};
use steps::Wire;
use tower::{Layer, Service, ServiceExt};
use tower_bedrock::{
    Bedrock, CacheStatus, CacheUse, Error, ErrorKind, EventStream, Operation, Request, Stack,
    StackLayer, StreamEvent,
    policy::{ModelQuota, Quotas},
};

const CANARY: &str = "CANARY";

const PROMPT: &str = "CANARY-prompt, which is 'quoted' and \"quoted\"";

/// It is in no log line; `Debug` of a request may show it.
const TENANT: &str = "a quiet tenant";

/// Where the SDK itself shows what it sends and gets, if it is asked for its own log at TRACE.
const OF_THE_SDK: [&str; 3] = [
    "aws_smithy_http::event_stream::receiver",
    "aws_smithy_runtime::client::orchestrator",
    "aws_smithy_runtime::client::orchestrator::http",
];

fn secret() -> Credentials {
    let session = Some("CANARY-session".to_owned());
    Credentials::new("AKID", "CANARY-key", session, None, "test")
}

fn bedrock(row: &Row) -> Bedrock {
    let config = row.sim.sdk_config().credentials_provider(secret());
    let config = match &row.step {
        Some(step) => config.http_client(Wire::new([step.clone()]).client()),
        None => config,
    };
    Bedrock::new((row.config)(config))
}

#[track_caller]
fn shows_nothing(what: &str, thing: &dyn fmt::Debug) {
    for text in [format!("{thing:?}"), format!("{thing:#?}")] {
        assert!(!text.contains(CANARY), "{what} shows: {text}");
    }
}

/// The error and all of its sources.
#[track_caller]
fn tells_nothing(what: &str, error: &Error) {
    let mut next: Option<&dyn StdError> = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        assert!(!text.contains(CANARY), "{what} says: {text}");
        assert!(
            text.chars().count() < 1_500 && !text.contains('\n'),
            "{what} says: {text}"
        );
        shows_nothing(what, &error);
        next = error.source();
    }
    // Bedrock's own message is as it is, and documented to be: that alone may quote.
    let quotes = what.starts_with("a validation that");
    let message = error.message().unwrap_or_default();
    assert!(
        quotes || !message.contains(CANARY),
        "{what} has the message: {message}"
    );
}

async fn fails<I: Operation>(row: &Row, input: I) {
    let name = row.name;
    let request = Request::new(input).timeout(Duration::from_secs(30));
    shows_nothing(name, &request);
    let leaf = bedrock(row);
    shows_nothing(name, &leaf);
    let call = leaf.clone().call(request.clone());
    shows_nothing(name, &call);
    let error = call
        .await
        .err()
        .unwrap_or_else(|| panic!("{name}: the leaf answers {}", I::NAME));
    assert_eq!(error.operation(), Some(I::NAME), "{name}");
    tells_nothing(name, &error);

    let layer = StackLayer::new("us-east-1");
    let stack = layer.layer(bedrock(row));
    let two = request.max_attempts(NonZeroU32::new(2).expect("not 0"));
    let call = stack.clone().oneshot(two);
    shows_nothing(name, &call);
    let error = call
        .await
        .err()
        .unwrap_or_else(|| panic!("{name}: the stack answers {}", I::NAME));
    tells_nothing(name, &error);
    let line = error.to_string();
    let head = match error.model_id() {
        Some(model) => format!("{} of {model} in us", I::NAME),
        None => format!("{} in us", I::NAME),
    };
    assert!(line.starts_with(&head), "{line}");

    shows_nothing(name, &stack);
    shows_nothing(name, &layer);
    shows_nothing(name, &layer.handle());
    shows_nothing(name, &layer.handle().snapshot().to_string());
    shows_nothing(name, &layer.handle().cache());
    shows_nothing(name, &layer.handle().cache().snapshot());
    shows_nothing(name, &layer.handle().backoff().snapshot());
    shows_nothing(name, &layer.handle().circuits());
    shows_nothing(name, &layer.handle().circuits().keys());
    shows_nothing(name, &layer.handle().quota());
    shows_nothing(name, &layer.handle().quota().keys());
    shows_nothing(name, &layer.handle().monitor());
    shows_nothing(name, &layer.handle().monitor().advice());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn no_failure_leaks() {
    let heard = Heard::default();
    let _subscriber = tracing::subscriber::set_default(heard.clone());
    for row in rows() {
        fails(&row, converse()).await;
        fails(&row, stream()).await;
        fails(&row, chunks()).await;
        if !row.is_json {
            fails(&row, invoke()).await;
        }
        // The simulator has no such faults, and their answers may be any JSON object.
        if row.step.is_some() && !row.is_json {
            fails(&row, guardrail()).await;
            fails(&row, check()).await;
            fails(&row, count()).await;
            fails(&row, start()).await;
            // They have no prompt that could be repeated.
            if !row.name.contains("repeats") {
                fails(&row, get()).await;
                fails(&row, list()).await;
            }
        }
    }
    let (others, ours) = heard.said(CANARY);
    assert_eq!(ours, Vec::<String>::new());
    assert!(heard.ours() > 50, "{}", heard.ours());
    // The guide to errors names them.
    assert_eq!(others.iter().collect::<Vec<_>>(), OF_THE_SDK);
    assert_eq!(Vec::from_iter(heard.levels(CANARY)), ["TRACE"]);
}

/// What the layers answer with in Bedrock's place, the last attempt's error included.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn no_rejection_leaks() {
    let heard = Heard::default();
    let _subscriber = tracing::subscriber::set_default(heard.clone());
    let refused = rows().into_iter().find(|row| row.name.contains("quotes"));
    let refused = refused.expect("there is such a row");
    let failing = bedrock(&refused);
    let key: Arc<str> = format!("us-east-1/{MODEL}").into();

    let layer = StackLayer::new("us-east-1");
    layer.handle().circuits().handle(&key).force_open();
    let error = layer
        .layer(failing.clone())
        .oneshot(converse().into())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen);
    tells_nothing("an open circuit", &error);

    let tiny = Quotas::new().model(MODEL, ModelQuota::new().tokens_per_minute(9));
    let layer = StackLayer::new("us-east-1").quotas(tiny);
    let error = layer
        .layer(failing.clone())
        .oneshot(converse().into())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaRejected);
    tells_nothing("a quota", &error);

    let stack = StackLayer::new("us-east-1").layer(failing);
    let cached = Request::new(converse()).cache(CacheUse::OnlyIfCached);
    let error = stack.clone().oneshot(cached).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotCached);
    tells_nothing("no cached answer", &error);
    let late = Request::new(converse()).timeout(Duration::ZERO);
    let error = stack.oneshot(late).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    tells_nothing("a deadline", &error);
    assert_eq!(heard.said(CANARY).1, Vec::<String>::new());
}

/// Calls that are answered: at first throttled, then by the model, then by the cache.
#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn no_answer_leaks() {
    let heard = Heard::default();
    let _subscriber = tracing::subscriber::set_default(heard.clone());
    for config in [signed, with_api_key] {
        let sim = simulator();
        sim.script([Fault::throttling().times(5)]);
        sim.script([ScriptedAnswer::new().text("CANARY-answer").times(9)]);
        let layer = StackLayer::new("us-east-1");
        let config = config(sim.sdk_config());
        let stack = layer.layer(Bedrock::new(config).with_raw_responses());
        shows_nothing("the stack", &stack);
        for status in [CacheStatus::Miss, CacheStatus::Hit] {
            let response = asks(&stack, converse()).await;
            assert_eq!(response.meta().cache(), Some(status));
            shows_nothing("a response", &response);
            let response = asks(&stack, invoke()).await;
            assert_eq!(response.meta().cache(), Some(status));
            shows_nothing("a response", &response);
            read(asks(&stack, stream()).await, status).await;
            read(asks(&stack, chunks()).await, status).await;
        }
        assert_eq!(layer.handle().snapshot().retries.retries(), 5);
        shows_nothing("the stack", &stack);
        shows_nothing("the cache", &layer.handle().cache());
        shows_nothing("the snapshot", &layer.handle().snapshot());
    }
    assert_eq!(heard.said(TENANT).1, Vec::<String>::new());
    let (others, ours) = heard.said(CANARY);
    assert_eq!(ours, Vec::<String>::new());
    assert!(heard.ours() > 50, "{}", heard.ours());
    let mut others = others.iter();
    assert!(others.all(|target| OF_THE_SDK.contains(&target.as_str())));
    assert_eq!(Vec::from_iter(heard.levels(CANARY)), ["TRACE"]);
}

fn signed(config: Builder) -> Builder {
    config.credentials_provider(secret())
}

fn with_api_key(config: Builder) -> Builder {
    let bearer = AuthSchemePreference::from([AuthSchemeId::new("httpBearerAuth")]);
    config
        .token_provider(Token::new("CANARY-api-key", None))
        .auth_scheme_preference(bearer)
}

async fn asks<I>(stack: &Stack, input: I) -> I::Response
where
    I: Operation,
    Stack: Service<Request<I>, Response = I::Response, Error = Error>,
{
    let request = Request::new(input).tenant(TENANT);
    shows_nothing("a request", &request);
    let answer = stack.clone().oneshot(request).await;
    answer.unwrap_or_else(|error| panic!("{} fails: {error}", I::NAME))
}

async fn read<E: StreamEvent>(mut stream: EventStream<E>, status: CacheStatus) {
    assert_eq!(stream.meta().cache(), Some(status));
    let mut said = String::new();
    while let Some(event) = stream.recv().await.expect("the stream is whole") {
        said += &format!("{event:?}");
        shows_nothing("a stream", &stream);
    }
    assert!(stream.is_complete());
    shows_nothing("a stream", &stream);
    assert!(!said.is_empty());
}
