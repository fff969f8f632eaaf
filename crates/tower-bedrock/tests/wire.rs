//! What the SDK writes and reads, operation by operation: where an update of it changes any of
//! this, keys and kept answers change with it.

mod common;

use aws_sdk_bedrockruntime::{
    error::ProvideErrorMetadata,
    operation::{
        apply_guardrail::ApplyGuardrailInput, converse::ConverseInput,
        count_tokens::CountTokensInput, invoke_model::InvokeModelInput,
    },
    primitives::Blob,
    types::{
        ContentBlock, ConverseTokensRequest, CountTokensInput as Counted, GuardrailContentBlock,
        GuardrailContentSource, GuardrailTextBlock, PerformanceConfigLatency, ServiceTierType,
        Trace,
    },
};
use common::{BASE_MODEL, prompt};
use proptest::prelude::*;
use std::error::Error as _;
use tower_bedrock::{ErrorKind, Operation, Usage, wire};

/// An answer of `status` with headers and a body, as Bedrock would send it.
fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> http::Response<Vec<u8>> {
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response
        .body(body.as_bytes().to_vec())
        .expect("status and headers are valid")
}

fn canonical<I: Operation>(input: &I) -> String {
    let text = wire::canonical(input).expect("the input is whole");
    String::from_utf8(text).expect("the body is text")
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

fn guardrail() -> ApplyGuardrailInput {
    let text = GuardrailTextBlock::builder()
        .text("hello")
        .build()
        .expect("the text is given");
    ApplyGuardrailInput::builder()
        .guardrail_identifier("gr-1")
        .guardrail_version("1")
        .source(GuardrailContentSource::Input)
        .content(GuardrailContentBlock::Text(text))
        .build()
        .expect("nothing is required")
}

fn invoke() -> InvokeModelInput {
    InvokeModelInput::builder()
        .model_id("arn:aws:bedrock:us-east-1::foundation-model/m")
        .content_type("application/json")
        .accept("*/*")
        .trace(Trace::Enabled)
        .guardrail_identifier("gr-1")
        .guardrail_version("DRAFT")
        .performance_config_latency(PerformanceConfigLatency::Optimized)
        .service_tier(ServiceTierType::Flex)
        .request_metadata("{}")
        .body(Blob::new("{ \"z\": 1.0, \"a\": [] }"))
        .build()
        .expect("nothing is required")
}

#[test]
fn converse_is_written_as_ever() {
    let mut input = prompt("caf\u{e9}\n");
    input.request_metadata = Some([("team".to_owned(), "search".to_owned())].into());
    assert_eq!(
        canonical(&input),
        "POST /model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse\n\
         content-type: application/json\n\n\
         {\"inferenceConfig\":{\"maxTokens\":200},\
         \"messages\":[{\"content\":[{\"text\":\"caf\u{e9}\\n\"}],\"role\":\"user\"}]}"
    );
}

#[test]
fn invoke_model_is_written_as_ever() {
    assert_eq!(
        canonical(&invoke()),
        "POST /model/m/invoke\n\
         accept: */*\n\
         content-type: application/json\n\
         x-amzn-bedrock-guardrailidentifier: gr-1\n\
         x-amzn-bedrock-guardrailversion: DRAFT\n\
         x-amzn-bedrock-performanceconfig-latency: optimized\n\
         x-amzn-bedrock-service-tier: flex\n\
         x-amzn-bedrock-trace: ENABLED\n\n\
         {\"a\":[],\"z\":1.0}"
    );
}

#[test]
fn an_arn_is_written_by_its_id_where_it_says_one() {
    let first_line = |id: &str| {
        let mut input = prompt("hello");
        input.model_id = Some(id.to_owned());
        let text = canonical(&input);
        text.lines().next().map(str::to_owned)
    };
    for (id, written) in [
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.vendor.model-v1:0",
            "us.vendor.model-v1%3A0",
        ),
        ("us.vendor.model-v1:0", "us.vendor.model-v1%3A0"),
        (
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/a",
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fa",
        ),
    ] {
        let line = format!("POST /model/{written}/converse");
        assert_eq!(first_line(id), Some(line), "{id}");
    }
}

#[test]
fn count_tokens_is_written_as_ever() {
    assert_eq!(
        canonical(&count()),
        "POST /model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens\n\
         content-type: application/json\n\n\
         {\"input\":{\"converse\":{\"messages\":[{\"content\":[{\"text\":\"hello\"}],\"role\":\"user\"}]}}}"
    );
}

#[test]
fn apply_guardrail_is_written_as_ever() {
    assert_eq!(
        canonical(&guardrail()),
        "POST /guardrail/gr-1/version/1/apply\n\
         content-type: application/json\n\n\
         {\"content\":[{\"text\":{\"text\":\"hello\"}}],\"source\":\"INPUT\"}"
    );
}

#[test]
fn an_encoded_request_is_the_sdks_own() {
    let request = wire::encode(&invoke()).unwrap();
    assert_eq!(
        (request.method().as_str(), request.uri().path()),
        (
            "POST",
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A%3Afoundation-model%2Fm/invoke"
        )
    );
    assert_eq!(request.headers()["x-amzn-bedrock-request-metadata"], "{}");
    assert_eq!(&request.body()[..], b"{ \"z\": 1.0, \"a\": [] }");
}

#[test]
fn what_the_sdk_cannot_write_is_an_error() {
    let mut input = prompt("hello");
    input.model_id = None;
    let error = wire::encode(&input).unwrap_err();
    assert_eq!(error.to_string(), "the input cannot be serialized");
    assert!(error.source().unwrap().to_string().contains("model_id"));
    assert!(wire::canonical(&input).is_err());
}

const CONVERSE: &str = r#"{
    "output": {"message": {"role": "assistant", "content": [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        {"text": "Hello."},
        {"toolUse": {"toolUseId": "t1", "name": "search",
            "input": {"limit": 9007199254740993, "deep": [{"a": null}]}}}
    ]}},
    "stopReason": "tool_use",
    "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 12,
        "cacheReadInputTokens": 4, "cacheWriteInputTokens": 3},
    "metrics": {"latencyMs": 200},
    "additionalModelResponseFields": {"stop_sequence": "x"},
    "trace": {"promptRouter": {"invokedModelId": "m"}},
    "performanceConfig": {"latency": "optimized"},
    "serviceTier": {"type": "flex"},
    "a member of the future": [1]
}"#;

#[test]
fn converse_is_read_whole() {
    let response = answer(200, &[("x-amzn-requestid", "r-1")], CONVERSE);
    let response = wire::response::<ConverseInput>(response).unwrap();
    let reported = response.usage.as_ref().map(Usage::from);
    assert_eq!(reported.map(|usage| usage.total_tokens()), Some(12));
    assert_eq!(
        (response.meta().usage(), response.meta().request_id()),
        (reported, Some("r-1"))
    );
    let message = response.output.as_ref().unwrap().as_message().unwrap();
    let [
        ContentBlock::ReasoningContent(_),
        ContentBlock::Text(text),
        ContentBlock::ToolUse(tool),
    ] = &message.content[..]
    else {
        panic!("three blocks");
    };
    let limit = &tool.input.as_object().unwrap()["limit"];
    assert_eq!(text, "Hello.");
    assert_eq!(limit, &9_007_199_254_740_993_u64.into());
    assert_eq!(response.stop_reason.as_str(), "tool_use");
    assert_eq!(response.metrics.as_ref().unwrap().latency_ms, 200);
    assert!(response.additional_model_response_fields.is_some());
    assert!(response.trace.is_some() && response.performance_config.is_some());
    assert_eq!(
        response.service_tier.as_ref().unwrap().r#type,
        ServiceTierType::Flex
    );
    let output = wire::output::<ConverseInput>(CONVERSE).unwrap();
    assert_eq!(output.output, response.output);
}

#[test]
fn invoke_model_is_read_whole() {
    let headers = [
        ("content-type", "application/json"),
        ("x-amzn-requestid", "r-2"),
        ("x-amzn-bedrock-performanceconfig-latency", "optimized"),
        ("x-amzn-bedrock-service-tier", "flex"),
        ("x-amzn-bedrock-input-token-count", "7"),
        ("x-amzn-bedrock-output-token-count", "5"),
    ];
    let response = wire::response::<InvokeModelInput>(answer(200, &headers, "{}")).unwrap();
    assert_eq!(response.body.as_ref(), b"{}");
    assert_eq!(response.content_type, "application/json");
    assert_eq!(response.service_tier, Some(ServiceTierType::Flex));
    let latency = response.performance_config_latency.as_ref();
    assert_eq!(latency, Some(&PerformanceConfigLatency::Optimized));
    assert_eq!(
        (response.meta().usage(), response.meta().request_id()),
        (Some(Usage::new(7, 5)), Some("r-2"))
    );
    let output = wire::output::<InvokeModelInput>("{}").unwrap();
    assert_eq!(output.body.as_ref(), b"{}");
}

#[test]
fn count_tokens_and_apply_guardrail_are_read_whole() {
    let counted = wire::output::<CountTokensInput>(r#"{"inputTokens": 8}"#).unwrap();
    assert_eq!(counted.input_tokens, 8);
    let json = r#"{"usage": {"topicPolicyUnits": 1, "contentPolicyUnits": 2, "wordPolicyUnits": 3,
            "sensitiveInformationPolicyUnits": 4, "sensitiveInformationPolicyFreeUnits": 5,
            "contextualGroundingPolicyUnits": 6},
        "action": "GUARDRAIL_INTERVENED", "actionReason": "a word",
        "outputs": [{"text": "no"}],
        "assessments": [{"wordPolicy": {"customWords":
            [{"match": "hello", "action": "BLOCKED", "detected": true}], "managedWordLists": []}}],
        "guardrailCoverage": {"textCharacters": {"guarded": 5, "total": 5}}}"#;
    let applied = wire::output::<ApplyGuardrailInput>(json).unwrap();
    assert_eq!(applied.action.as_str(), "GUARDRAIL_INTERVENED");
    assert_eq!(applied.outputs[0].text.as_deref(), Some("no"));
    let words = applied.assessments[0].word_policy.as_ref().unwrap();
    assert_eq!(words.custom_words[0].r#match, "hello");
    assert_eq!(applied.usage.unwrap().word_policy_units, 3);
}

macro_rules! errors {
    ($test:ident, $input:ty, $($code:ident $is:ident $status:literal,)*) => {
        #[test]
        fn $test() {
            $(
                let code = stringify!($code);
                let body = r#"{"message":"why"}"#;
                let headers = [("x-amzn-errortype", code), ("x-amzn-requestid", "r")];
                let error = wire::decode::<$input>(answer($status, &headers, body)).unwrap_err();
                assert!(error.$is(), "{code}: {error:?}");
                assert_eq!((error.code(), error.message()), (Some(code), Some("why")));
                let flat = wire::response::<$input>(answer($status, &headers, body)).unwrap_err();
                assert_eq!(
                    (flat.code(), flat.message(), flat.status(), flat.request_id()),
                    (Some(code), Some("why"), Some($status), Some("r"))
                );
                assert_eq!(flat.operation(), Some(<$input>::NAME));
            )*
        }
    };
}

errors! {
    each_error_of_converse_is_read, ConverseInput,
    AccessDeniedException is_access_denied_exception 403,
    InternalServerException is_internal_server_exception 500,
    ModelErrorException is_model_error_exception 424,
    ModelNotReadyException is_model_not_ready_exception 429,
    ModelTimeoutException is_model_timeout_exception 408,
    ResourceNotFoundException is_resource_not_found_exception 404,
    ServiceUnavailableException is_service_unavailable_exception 503,
    ThrottlingException is_throttling_exception 429,
    ValidationException is_validation_exception 400,
}

errors! {
    each_error_of_invoke_model_is_read, InvokeModelInput,
    AccessDeniedException is_access_denied_exception 403,
    InternalServerException is_internal_server_exception 500,
    ModelErrorException is_model_error_exception 424,
    ModelNotReadyException is_model_not_ready_exception 429,
    ModelTimeoutException is_model_timeout_exception 408,
    ResourceNotFoundException is_resource_not_found_exception 404,
    ServiceQuotaExceededException is_service_quota_exceeded_exception 400,
    ServiceUnavailableException is_service_unavailable_exception 503,
    ThrottlingException is_throttling_exception 429,
    ValidationException is_validation_exception 400,
}

errors! {
    each_error_of_count_tokens_is_read, CountTokensInput,
    AccessDeniedException is_access_denied_exception 403,
    InternalServerException is_internal_server_exception 500,
    ResourceNotFoundException is_resource_not_found_exception 404,
    ServiceUnavailableException is_service_unavailable_exception 503,
    ThrottlingException is_throttling_exception 429,
    ValidationException is_validation_exception 400,
}

errors! {
    each_error_of_apply_guardrail_is_read, ApplyGuardrailInput,
    AccessDeniedException is_access_denied_exception 403,
    InternalServerException is_internal_server_exception 500,
    ResourceNotFoundException is_resource_not_found_exception 404,
    ServiceQuotaExceededException is_service_quota_exceeded_exception 400,
    ServiceUnavailableException is_service_unavailable_exception 503,
    ThrottlingException is_throttling_exception 429,
    ValidationException is_validation_exception 400,
}

#[test]
fn an_error_without_a_model_of_its_own_keeps_its_code() {
    let headers = [("x-amzn-errortype", "ServiceQuotaExceededException")];
    let response = || answer(400, &headers, r#"{"message":"no more"}"#);
    let error = wire::decode::<ConverseInput>(response()).unwrap_err();
    assert_eq!(error.code(), Some("ServiceQuotaExceededException"));
    let flat = wire::response::<ConverseInput>(response()).unwrap_err();
    assert_eq!(flat.kind(), ErrorKind::Exhausted);
}

#[test]
fn an_answer_that_makes_no_sense_is_an_error_without_a_code() {
    for (status, body) in [(200, "{"), (200, "\u{0}"), (500, "<html>"), (304, "")] {
        let error = wire::decode::<ConverseInput>(answer(status, &[], body)).unwrap_err();
        assert_eq!(error.code(), None, "{status} {body}");
    }
    assert!(wire::output::<CountTokensInput>("[]").is_err());
}

proptest! {
    #[test]
    fn no_response_panics(
        status in 100..1000_u16,
        name in "[a-z-]{1,12}|content-type|x-amzn-errortype|x-amzn-bedrock-service-tier",
        value in proptest::collection::vec(0x80..=0xff_u8, 0..8),
        body in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let value = http::HeaderValue::from_bytes(&value).unwrap();
        let response = http::Response::builder().status(status).header(name, value);
        let response = response.body(body).unwrap();
        let _ = wire::response::<ConverseInput>(response.clone());
        let _ = wire::response::<InvokeModelInput>(response.clone());
        let _ = wire::response::<CountTokensInput>(response.clone());
        let _ = wire::response::<ApplyGuardrailInput>(response);
    }
}
