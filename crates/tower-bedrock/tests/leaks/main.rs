//! Prompts, answers and secrets reach no error text, no `Debug` and no log line of ours, whatever
//! fails.
//!
//! All of them have the word CANARY in them, which is looked for. A new kind of failure is a line in
//! `rows`.

#[path = "../common/mod.rs"]
mod common;
mod listen;
mod rows;
#[path = "../common/steps.rs"]
mod steps;

use aws_sdk_bedrockruntime::{
    config::Credentials,
    operation::{converse::ConverseInput, invoke_model::InvokeModelInput},
    types::{
        ContentBlock, ConversationRole, Message, SystemContentBlock, Tool, ToolConfiguration,
        ToolInputSchema, ToolSpecification, ToolUseBlock,
    },
};
use aws_smithy_types::{Blob, Document};
use bedrock_sim::ScriptedAnswer;
use common::{MODEL, prompt, simulator};
use listen::Heard;
use rows::{Row, rows};
use std::{
    collections::HashMap, error::Error as StdError, fmt, num::NonZeroU32, sync::Arc, time::Duration,
};
use steps::Wire;
use tower::{Layer, Service, ServiceExt};
use tower_bedrock::{
    Bedrock, CacheUse, Error, ErrorKind, Operation, Request, StackLayer,
    policy::{ModelQuota, Quotas},
};

const CANARY: &str = "CANARY";

/// Where the SDK itself shows what it sends and gets, if it is asked for its own log at TRACE.
const OF_THE_SDK: [&str; 1] = ["aws_smithy_runtime::client::orchestrator"];

fn converse() -> ConverseInput {
    let input = Document::from("CANARY-tool");
    let tool = ToolUseBlock::builder()
        .tool_use_id("t")
        .name("n")
        .input(input)
        .build();
    let said = Message::builder()
        .role(ConversationRole::Assistant)
        .content(ContentBlock::ToolUse(tool.expect("all is given")))
        .build();
    let mut converse = prompt("CANARY-prompt, which is 'quoted' and \"quoted\"");
    converse.system = Some(vec![SystemContentBlock::Text("CANARY-system".to_owned())]);
    let messages = converse.messages.get_or_insert_default();
    messages.push(said.expect("all is given"));
    let schema = ToolInputSchema::Json(Document::Object(HashMap::new()));
    let tool = ToolSpecification::builder().name("n").input_schema(schema);
    let tool = Tool::ToolSpec(tool.build().expect("all is given"));
    let tools = ToolConfiguration::builder().tools(tool).build();
    converse.tool_config = Some(tools.expect("all is given"));
    converse
}

fn invoke() -> InvokeModelInput {
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":9,"messages":[{"role":"user","content":"CANARY-prompt"}]}"#;
    let input = InvokeModelInput::builder()
        .model_id(MODEL)
        .body(Blob::new(body));
    input.build().expect("nothing is required")
}

fn bedrock(row: &Row) -> Bedrock {
    let secret = Credentials::new(
        "AKID",
        "CANARY-key",
        Some("CANARY-session".to_owned()),
        None,
        "test",
    );
    let config = row.sim.sdk_config().credentials_provider(secret);
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
    let quotes = what.starts_with("a validation that quotes");
    let message = error.message().unwrap_or_default();
    assert_eq!(
        message.contains(CANARY),
        quotes,
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
        .unwrap_or_else(|| panic!("{name}: the leaf answers"));
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
        .unwrap_or_else(|| panic!("{name}: the stack answers"));
    tells_nothing(name, &error);
    let head = format!("{} of {MODEL} in us", I::NAME);
    assert!(error.to_string().starts_with(&head), "{error}");

    shows_nothing(name, &stack);
    shows_nothing(name, &layer);
    shows_nothing(name, &layer.cache_handle());
    shows_nothing(name, &layer.cache_handle().snapshot());
    shows_nothing(name, &layer.backoff_handle().snapshot());
    shows_nothing(name, &layer.circuits());
    shows_nothing(name, &layer.circuits().keys());
    shows_nothing(name, &layer.quota_handle());
    shows_nothing(name, &layer.quota_handle().keys());
    shows_nothing(name, &layer.monitor());
    shows_nothing(name, &layer.monitor().advice());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn no_failure_leaks() {
    let heard = Heard::default();
    let _subscriber = tracing::subscriber::set_default(heard.clone());
    for row in rows() {
        fails(&row, converse()).await;
        if !row.is_json {
            fails(&row, invoke()).await;
        }
    }
    let (others, ours) = heard.said(CANARY);
    assert_eq!(ours, Vec::<String>::new());
    assert!(heard.ours() > 50, "{}", heard.ours());
    // The guide to errors names them.
    assert_eq!(others.iter().collect::<Vec<_>>(), OF_THE_SDK);
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
    layer.circuits().handle(&key).force_open();
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

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn no_answer_leaks() {
    let heard = Heard::default();
    let _subscriber = tracing::subscriber::set_default(heard.clone());
    let sim = simulator();
    sim.script([ScriptedAnswer::new().text("CANARY-answer")]);
    let layer = StackLayer::new("us-east-1");
    let stack = layer.layer(Bedrock::new(sim.sdk_config()).with_raw_responses());
    for _ in 0..2 {
        let response = stack
            .clone()
            .oneshot(Request::new(prompt("CANARY-prompt")))
            .await
            .unwrap();
        shows_nothing("a response", &response);
        shows_nothing("its metadata", response.meta());
    }
    shows_nothing("the stack", &stack);
    shows_nothing("the cache", &layer.cache_handle());
    assert_eq!(heard.said(CANARY).1, Vec::<String>::new());
}
