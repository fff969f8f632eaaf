//! Which requests are the same to a cache.

mod common;

use aws_sdk_bedrockruntime::{
    operation::{converse::ConverseInput, invoke_model::InvokeModelInput},
    primitives::Blob,
    types::{
        PerformanceConfigLatency, SystemContentBlock, Tool, ToolConfiguration, ToolInputSchema,
        ToolSpecification,
    },
};
use aws_smithy_types::{Document, Number};
use common::prompt;
use std::collections::{HashMap, HashSet};
use tower_bedrock::{CacheKey, CacheScope, Operation, Request};

fn key<I: Operation>(input: &I) -> CacheKey {
    CacheKey::of(&Request::new(input.clone()), &CacheScope::new()).expect("the input is whole")
}

fn changed(change: impl FnOnce(&mut ConverseInput)) -> CacheKey {
    let mut input = prompt("hello");
    change(&mut input);
    key(&input)
}

/// A tool whose schema is a map, which the SDK writes in another order each time it is made.
fn with_tool(input: &mut ConverseInput, limit: u64) {
    let members = ["type", "title", "a", "b", "c", "d", "e", "f"]
        .map(|name| (name.to_owned(), Document::String(name.repeat(2))));
    let mut schema = HashMap::from(members);
    schema.insert("limit".to_owned(), Document::Number(Number::PosInt(limit)));
    let tool = ToolSpecification::builder()
        .name("search")
        .input_schema(ToolInputSchema::Json(Document::Object(schema)))
        .build()
        .expect("name and schema are given");
    let tools = ToolConfiguration::builder()
        .tools(Tool::ToolSpec(tool))
        .build()
        .expect("name and schema are given");
    input.tool_config = Some(tools);
}

#[test]
fn fifty_equal_inputs_with_a_tool_schema_have_one_key() {
    let keys: HashSet<_> = (0..50)
        .map(|_| changed(|input| with_tool(input, 1)))
        .collect();
    assert_eq!(keys.len(), 1);
}

#[test]
fn metadata_for_the_logs_changes_nothing() {
    let metadata = HashMap::from([("team".to_owned(), "search".to_owned())]);
    let plain = changed(|_| {});
    assert_eq!(
        plain,
        changed(|input| input.request_metadata = Some(metadata))
    );
    let body = Blob::new(r#"{"requestMetadata":"the model may read this one"}"#);
    let invoke = InvokeModelInput::builder().model_id("m").body(body);
    let logged = invoke.clone().request_metadata(r#"{"team":"search"}"#);
    let bare = InvokeModelInput::builder()
        .model_id("m")
        .body(Blob::new("{}"));
    assert_ne!(
        key(&invoke.clone().build().unwrap()),
        key(&bare.build().unwrap())
    );
    assert_eq!(key(&invoke.build().unwrap()), key(&logged.build().unwrap()));
}

#[test]
fn whatever_changes_the_answer_changes_the_key() {
    let keys = [
        changed(|_| {}),
        changed(|input| input.model_id = Some("eu.anthropic.claude".to_owned())),
        changed(|input| input.messages = prompt("Hello").messages),
        changed(|input| input.system = Some(vec![SystemContentBlock::Text("be brief".to_owned())])),
        changed(|input| input.system = Some(vec![])),
        changed(|input| input.inference_config.as_mut().unwrap().max_tokens = Some(201)),
        changed(|input| input.inference_config.as_mut().unwrap().temperature = Some(0.0)),
        changed(|input| with_tool(input, (1 << 53) + 1)),
        changed(|input| with_tool(input, 1 << 53)),
    ];
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
}

#[test]
fn headers_that_change_the_answer_change_the_key() {
    let invoke = || {
        InvokeModelInput::builder()
            .model_id("m")
            .body(Blob::new("{}"))
    };
    let keys = [
        invoke(),
        invoke().guardrail_identifier("gr-1").guardrail_version("1"),
        invoke().guardrail_identifier("gr-1").guardrail_version("2"),
        invoke().performance_config_latency(PerformanceConfigLatency::Optimized),
    ]
    .map(|input| key(&input.build().unwrap()));
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
}

#[test]
fn the_spelling_of_an_invoke_model_body_changes_nothing() {
    let body = |text: &str| {
        let input = InvokeModelInput::builder()
            .model_id("m")
            .body(Blob::new(text));
        key(&input.build().unwrap())
    };
    assert_eq!(
        body(r#"{"a":1,"b":[2]}"#),
        body("{ \"b\": [ 2 ],\n\"a\": 1 }")
    );
    assert_ne!(body(r#"{"a":1,"b":[2]}"#), body(r#"{"a":1,"b":2}"#));
    assert_ne!(body("not json"), body("not  json"));
}

#[test]
fn tenants_and_scopes_have_keys_of_their_own() {
    let scope = CacheScope::new;
    let of = |tenant: Option<&str>, scope: CacheScope| {
        let mut request = Request::new(prompt("hello"));
        if let Some(tenant) = tenant {
            request = request.tenant(tenant);
        }
        CacheKey::of(&request, &scope).unwrap()
    };
    let keys = [
        of(None, scope()),
        of(Some(""), scope()),
        of(Some("acme"), scope()),
        of(None, scope().region("acme")),
        of(None, scope().endpoint("acme")),
        of(None, scope().account("acme")),
        of(Some("us"), scope().region("east")),
        of(Some("east"), scope().region("us")),
        of(None, scope().region("us").account("east")),
        of(None, scope().ignoring(["us"])),
        of(None, scope().ignoring(["u", "s"])),
    ];
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
}

#[test]
fn what_the_sdk_cannot_serialize_has_no_key() {
    let mut input = prompt("hello");
    input.model_id = None;
    assert!(CacheKey::of(&Request::new(input), &CacheScope::new()).is_err());
}
