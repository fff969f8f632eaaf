//! Which requests are the same to a cache.

mod common;

use aws_sdk_bedrockruntime::{
    operation::{converse::ConverseInput, invoke_model::InvokeModelInput},
    primitives::Blob,
    types::{
        PerformanceConfigLatency, ServiceTier, ServiceTierType, SystemContentBlock, Tool,
        ToolConfiguration, ToolInputSchema, ToolSpecification,
    },
};
use aws_smithy_types::{Document, Number};
use common::prompt;
use proptest::prelude::*;
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

#[test]
fn what_is_ignored_changes_nothing_and_all_else_does() {
    let scope = CacheScope::new().ignoring(["serviceTier", "X-Amzn-Bedrock-Service-Tier"]);
    let of = |request: &ConverseInput| CacheKey::of(&Request::new(request.clone()), &scope);
    let plain = prompt("hello");
    let mut flex = plain.clone();
    let tier = ServiceTier::builder().r#type(ServiceTierType::Flex).build();
    flex.service_tier = Some(tier.unwrap());
    let mut brief = flex.clone();
    brief.system = Some(vec![]);
    assert_eq!(of(&plain).unwrap(), of(&flex).unwrap());
    assert_ne!(key(&plain), key(&flex));
    assert_ne!(of(&brief).unwrap(), of(&flex).unwrap());
    let invoke = |tier| {
        let input = InvokeModelInput::builder()
            .model_id("m")
            .set_service_tier(tier);
        let request = Request::new(input.body(Blob::new("{}")).build().unwrap());
        CacheKey::of(&request, &scope).unwrap()
    };
    assert_eq!(invoke(None), invoke(Some(ServiceTierType::Flex)));
}

/// Values of a tool's schema and the like. No floats: `-0.0` is equal to `0.0` and not the same.
fn document() -> impl Strategy<Value = Document> {
    let leaf = prop_oneof![
        Just(Document::Null),
        any::<bool>().prop_map(Document::Bool),
        any::<u64>().prop_map(|number| Document::Number(Number::PosInt(number))),
        (i64::MIN..0).prop_map(|number| Document::Number(Number::NegInt(number))),
        // Neighbours that one 64-bit float stands for.
        (0..3_u64).prop_map(|more| Document::Number(Number::PosInt((1 << 53) + more))),
        text().prop_map(Document::String),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Document::Array),
            prop::collection::hash_map(text(), inner, 0..4).prop_map(Document::Object),
        ]
    })
}

/// Forms of one letter that are to be kept apart, and any others.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("\u{e9}".to_owned()),
        Just("e\u{301}".to_owned()),
        Just("\"\\\u{0}".to_owned()),
        any::<String>(),
    ]
}

fn input() -> impl Strategy<Value = ConverseInput> {
    let system = prop::option::of(prop::collection::vec(text(), 0..3));
    let paths = prop::option::of(prop::collection::vec(text(), 0..3));
    let extra = prop::option::of(document());
    (text(), system, paths, extra).prop_map(|(prompted, system, paths, extra)| {
        let mut input = prompt(&prompted);
        let block = |text| SystemContentBlock::Text(text);
        input.system = system.map(|texts| texts.into_iter().map(block).collect());
        input.additional_model_response_field_paths = paths;
        input.additional_model_request_fields = extra;
        input
    })
}

/// The same value in maps of another order.
fn rebuilt(value: &Document) -> Document {
    match value {
        Document::Array(items) => Document::Array(items.iter().map(rebuilt).collect()),
        Document::Object(members) => {
            let members = members.iter();
            Document::Object(
                members
                    .map(|(name, value)| (name.clone(), rebuilt(value)))
                    .collect(),
            )
        }
        value => value.clone(),
    }
}

proptest! {
    #[test]
    fn inputs_have_one_key_if_and_only_if_they_are_equal(a in input(), b in input(), other in document()) {
        prop_assert_eq!(a == b, key(&a) == key(&b));
        let mut changed = a.clone();
        changed.additional_model_request_fields = Some(other);
        prop_assert_eq!(a == changed, key(&a) == key(&changed));
        let mut same = a.clone();
        same.additional_model_request_fields =
            a.additional_model_request_fields.as_ref().map(rebuilt);
        prop_assert_eq!(key(&a), key(&same));
    }
}
