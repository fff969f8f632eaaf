//! Code that was written for an SDK output reads a `Response` of it unchanged, and code for an input
//! a `Request`.

#![allow(clippy::unwrap_used, reason = "the test fails otherwise")]

mod sdk_source;

use aws_sdk_bedrockruntime::operation::{
    RequestId, apply_guardrail::ApplyGuardrailInput, converse::ConverseInput,
    count_tokens::CountTokensInput, invoke_model::InvokeModelInput,
};
use std::{
    collections::BTreeSet,
    fs::{self, read_to_string},
};
use tower_bedrock::{Response, UnaryOperation, wire};

const CONVERSE: &str = r#"{
    "output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5},
    "metrics": {"latencyMs": 200},
    "additionalModelResponseFields": {"a": 1},
    "trace": {"promptRouter": {"invokedModelId": "m"}},
    "performanceConfig": {"latency": "optimized"},
    "serviceTier": {"type": "flex"}
}"#;
const GUARDRAIL: &str = r#"{
    "usage": {
        "topicPolicyUnits": 1, "contentPolicyUnits": 2, "wordPolicyUnits": 3,
        "sensitiveInformationPolicyUnits": 4, "sensitiveInformationPolicyFreeUnits": 5,
        "contextualGroundingPolicyUnits": 6
    },
    "action": "GUARDRAIL_INTERVENED",
    "actionReason": "topic",
    "outputs": [{"text": "No."}],
    "assessments": [{}],
    "guardrailCoverage": {"textCharacters": {"guarded": 7, "total": 7}}
}"#;

/// The SDK's output of a body, and ours.
fn both<I: UnaryOperation>(body: &'static str) -> (I::Output, Response<I::Output>) {
    let answer = || {
        http::Response::builder()
            .header("content-type", "application/json")
            .header("x-amzn-requestid", "id-1")
            .header("x-amzn-bedrock-performanceconfig-latency", "optimized")
            .header("x-amzn-bedrock-service-tier", "flex")
            .body(body)
            .unwrap()
    };
    (
        wire::decode::<I>(answer()).unwrap(),
        wire::response::<I>(answer()).unwrap(),
    )
}

/// Reads the SDK's output and ours by the same code, and wants the same of both.
macro_rules! reads_alike {
    ($operation:ty, $body:expr, |$output:ident| $read:expr) => {{
        let (sdk, ours) = both::<$operation>($body);
        let from_sdk = {
            let $output = &sdk;
            $read
        };
        let $output = &ours;
        assert_eq!($read, from_sdk);
        from_sdk
    }};
}

#[test]
fn converse() {
    let text = reads_alike!(ConverseInput, CONVERSE, |response| {
        let message = response
            .output()
            .and_then(|output| output.as_message().ok())
            .unwrap();
        message.content()[0].as_text().unwrap().clone()
    });
    assert_eq!(text, "Hello.");
    let tokens = reads_alike!(ConverseInput, CONVERSE, |response| {
        let usage = response.usage().unwrap();
        let latency = response.metrics().unwrap().latency_ms();
        (
            usage.input_tokens(),
            usage.output_tokens(),
            usage.total_tokens,
            latency,
        )
    });
    assert_eq!(tokens, (3, 2, 5, 200));
    let rest = reads_alike!(ConverseInput, CONVERSE, |response| {
        (
            response.stop_reason().clone(),
            response.additional_model_response_fields().cloned(),
            response.trace().cloned(),
            response.performance_config().cloned(),
            response.service_tier().cloned(),
            response.request_id().map(str::to_owned),
        )
    });
    assert!(rest.1.is_some() && rest.2.is_some() && rest.3.is_some() && rest.4.is_some());
    assert_eq!(rest.5.as_deref(), Some("id-1"));
    let fields = reads_alike!(ConverseInput, CONVERSE, |response| {
        response.usage.as_ref().map(|usage| usage.input_tokens)
    });
    assert_eq!(fields, Some(3));
}

#[test]
fn invoke_model() {
    let read = reads_alike!(InvokeModelInput, r#"{"a": 1}"#, |response| {
        (
            response.body().as_ref().to_vec(),
            response.content_type().to_owned(),
            response.performance_config_latency().cloned(),
            response.service_tier().cloned(),
            response.request_id().map(str::to_owned),
        )
    });
    assert_eq!(
        (&*read.0, &*read.1),
        (&br#"{"a": 1}"#[..], "application/json")
    );
    assert!(read.2.is_some() && read.3.is_some() && read.4.is_some());
}

#[test]
fn count_tokens() {
    let read = reads_alike!(CountTokensInput, r#"{"inputTokens": 7}"#, |response| {
        (
            response.input_tokens(),
            response.request_id().map(str::to_owned),
        )
    });
    assert_eq!(read, (7, Some("id-1".to_owned())));
}

#[test]
fn apply_guardrail() {
    let read = reads_alike!(ApplyGuardrailInput, GUARDRAIL, |response| {
        (
            response.usage().unwrap().word_policy_units(),
            response.action().clone(),
            response.action_reason().map(str::to_owned),
            response.outputs()[0].text().map(str::to_owned),
            response.assessments().len(),
            response.guardrail_coverage().cloned(),
            response.request_id().map(str::to_owned),
        )
    });
    assert_eq!((read.0, read.3.as_deref(), read.4), (3, Some("No."), 1));
}

/// The functions of a source that begin with `keyword` and are called on one of `receivers`.
fn methods(source: &str, keyword: &str, receivers: &[&str]) -> BTreeSet<String> {
    let functions = source.split(keyword).skip(1);
    let methods = functions.filter_map(|rest| {
        let (name, arguments) = rest.split_once('(')?;
        let name = name.split('<').next()?;
        let fits = |receiver: &&str| arguments.starts_with(*receiver);
        receivers.iter().any(fits).then(|| name.to_owned())
    });
    methods.collect()
}

/// The methods of the SDK's inputs or outputs, as `which` says, that take `&self`.
fn sdk_methods(which: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for operation in fs::read_dir(sdk_source::folder().join("operation")).unwrap() {
        let operation = operation.unwrap();
        let file = format!("_{}_{which}.rs", operation.file_name().to_string_lossy());
        let Ok(source) = read_to_string(operation.path().join(file)) else {
            continue;
        };
        // After the struct itself comes its builder, whose methods are not its own.
        let builder = source.find("pub struct ").map_or(0, |start| start + 1);
        let end = source[builder..].find("pub struct ").unwrap();
        names.extend(methods(&source[..builder + end], "fn ", &["&self"]));
    }
    names
}

/// The methods of a type of ours that come before the SDK's of the same name.
fn our_methods(file: &str) -> BTreeSet<String> {
    let file = format!("{}/src/{file}", env!("CARGO_MANIFEST_DIR"));
    let receivers = ["&self", "&mut self", "self", "mut self"];
    methods(&read_to_string(file).unwrap(), "pub fn ", &receivers)
}

#[track_caller]
fn hides_nothing(ours: &BTreeSet<String>, sdks: &BTreeSet<String>) {
    let hidden: Vec<_> = ours.intersection(sdks).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

#[test]
fn no_method_of_a_response_hides_one_of_an_output() {
    let sdks = sdk_methods("output");
    for known in ["output", "usage", "body", "input_tokens", "request_id"] {
        assert!(sdks.contains(known), "{known}");
    }
    let ours = our_methods("response/response.rs");
    assert!(ours.contains("meta") && ours.contains("into_output"));
    hides_nothing(&ours, &sdks);
}

#[test]
fn no_method_of_a_request_hides_one_of_an_input() {
    let sdks = sdk_methods("input");
    for known in ["input", "messages", "body", "model_id", "guardrail_config"] {
        assert!(sdks.contains(known), "{known}");
    }
    let ours = our_methods("request/request.rs");
    assert!(ours.contains("options") && ours.contains("into_input"));
    hides_nothing(&ours, &sdks);
}
