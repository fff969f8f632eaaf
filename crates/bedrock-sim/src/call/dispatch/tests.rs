//! Whatever comes in, an answer goes out.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use super::IncomingCall;
use crate::call::reply::ReplyBody;
use crate::fault::Fault;
use crate::model::{Latency, Model};
use crate::simulator::Simulator;

const CLAUDE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA: &str = "us.amazon.nova-lite-v1:0";

fn paths() -> impl Strategy<Value = String> {
    let model = prop_oneof![
        Just(CLAUDE),
        Just(NOVA),
        Just("meta.llama3-8b-instruct-v1:0")
    ];
    let verb = prop_oneof![
        Just("converse"),
        Just("converse-stream"),
        Just("invoke"),
        Just("invoke-with-response-stream"),
        Just("count-tokens"),
    ];
    prop_oneof![
        9 => (model, verb).prop_map(|(model, verb)| format!("/model/{model}/{verb}")),
        1 => Just("/guardrail/g/version/1/apply".to_owned()),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = prop_oneof![
            Just("text"),
            Just("messages"),
            Just("content"),
            Just("role"),
            Just("json"),
            Just("type"),
            Just("toolSpec"),
            Just("source"),
            Just("maxTokens"),
        ];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((key, inner), 0..4).prop_map(|members| {
                let members: Map<_, _> = members
                    .into_iter()
                    .map(|(k, v)| (k.to_owned(), v))
                    .collect();
                members.into()
            }),
        ]
    })
}

/// Bodies that use much of what each operation understands.
fn rich_bodies() -> Vec<(String, Value)> {
    let schema = json!({
        "type": "object",
        "properties": {
            "n": {"type": "integer", "minimum": 1, "maximum": 5},
            "a": {"type": "array", "items": {"$ref": "#/properties/n"}, "minItems": 2},
            "s": {"type": "string", "minLength": 3, "maxLength": 9},
            "x": {"type": "number", "minimum": 0.5},
        },
    });
    let converse = json!({
        "messages": [
            {"role": "user", "content": [
                {"text": "hello f"},
                {"image": {"format": "png", "source": {"bytes": "AAAA"}}},
                {"document": {"name": "d", "format": "txt", "source": {"text": "abc"}}},
                {"guardContent": {"text": {"text": "guarded"}}},
                {"cachePoint": {"type": "default", "ttl": "1h"}},
            ]},
            {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm"}}},
                {"toolUse": {"toolUseId": "t", "name": "f", "input": {"n": 1}}},
            ]},
            {"role": "user", "content": [
                {"toolResult": {"toolUseId": "t", "content": [{"json": {"n": 2}}, {"text": "x"}]}},
            ]},
        ],
        "system": [{"text": "be kind"}, {"cachePoint": {"type": "default"}}],
        "inferenceConfig": {"maxTokens": 50, "temperature": 0.5, "stopSequences": ["a", "END"]},
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "f", "description": "d", "inputSchema": {"json": schema}}}],
            "toolChoice": {"any": {}},
        },
        "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1", "trace": "enabled"},
        "performanceConfig": {"latency": "standard"},
        "serviceTier": {"type": "default"},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
    });
    let anthropic = json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 50,
        "system": [{"type": "text", "text": "be kind", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "t", "name": "f", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "x"}]},
                {"type": "image", "source": {"type": "base64", "data": "AAAA"}},
            ]},
        ],
        "tools": [{"name": "f", "input_schema": schema}],
        "tool_choice": {"type": "tool", "name": "f"},
        "stop_sequences": ["END"],
    });
    let guardrail = json!({"source": "INPUT", "content": [{"text": {"text": "hello"}}]});
    let mut nova = converse.clone();
    nova.as_object_mut().unwrap().retain(|key, _| {
        ["messages", "system", "inferenceConfig", "toolConfig"].contains(&key.as_str())
    });
    let content = nova["messages"][0]["content"].as_array_mut().unwrap();
    content.retain(|block| block.get("guardContent").is_none());
    let encoded = aws_smithy_types::base64::encode(anthropic.to_string());
    let count = |input| {
        (
            format!("/model/{CLAUDE}/count-tokens"),
            json!({"input": input}),
        )
    };
    vec![
        (format!("/model/{CLAUDE}/converse"), converse.clone()),
        (format!("/model/{NOVA}/invoke"), nova),
        (format!("/model/{CLAUDE}/invoke"), anthropic),
        count(json!({"converse": converse})),
        count(json!({"invokeModel": {"body": encoded}})),
        ("/guardrail/g/version/1/apply".to_owned(), guardrail),
    ]
}

/// The value with its n-th node replaced.
fn replace(value: &mut Value, n: &mut usize, by: &Value) {
    if *n == 0 {
        *value = by.clone();
    }
    *n = n.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, n, by)),
        Value::Object(members) => members.values_mut().for_each(|item| replace(item, n, by)),
        _ => {}
    }
}

fn answer(path: String, body: Vec<u8>) -> (u16, HeaderMap, Bytes) {
    let simulator = Simulator::new().guardrail_word("guarded");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let incoming = IncomingCall {
            method: Method::POST,
            path,
            authorized: true,
            headers: HeaderMap::new(),
            body: body.into(),
        };
        let reply = simulator.handle(incoming).await.unwrap();
        let body = match reply.body {
            ReplyBody::Full(bytes) => bytes,
            ReplyBody::Playback(playback) => playback.collect().await.unwrap().to_bytes(),
        };
        let usage = simulator.usage();
        assert!(usage.models.values().all(|usage| usage.in_flight == 0));
        (reply.status.as_u16(), reply.headers, body)
    })
}

fn check(status: u16, headers: &HeaderMap, body: &Bytes) -> Result<(), TestCaseError> {
    prop_assert!(status == 200 || (400..500).contains(&status), "{status}");
    prop_assert!(headers.contains_key("x-amzn-requestid"));
    if status != 200 {
        prop_assert!(headers.contains_key("x-amzn-errortype"));
        let body: Value = serde_json::from_slice(body).unwrap();
        prop_assert!(
            body["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_bytes_are_answered(path in ".{0,40}", body in proptest::collection::vec(any::<u8>(), 0..40)) {
        let (status, headers, body) = answer(path, body);
        check(status, &headers, &body)?;
    }

    #[test]
    fn any_json_is_answered(path in paths(), body in any_json()) {
        let (status, headers, body) = answer(path, body.to_string().into_bytes());
        check(status, &headers, &body)?;
    }

    #[test]
    fn a_good_request_with_one_odd_part_is_answered(
        (path, mut body) in proptest::sample::select(rich_bodies()),
        streams in any::<bool>(),
        mut place in 0..120_usize,
        odd in any_json(),
    ) {
        let path = match streams {
            true => path.replace("/converse", "/converse-stream").replace("/invoke", "/invoke-with-response-stream"),
            false => path,
        };
        replace(&mut body, &mut place, &odd);
        let (status, headers, body) = answer(path, body.to_string().into_bytes());
        check(status, &headers, &body)?;
    }
}

/// Runs one call to the end of its answer's body.
async fn whole_call(simulator: &Simulator, (path, body): (String, Value)) {
    let incoming = IncomingCall {
        method: Method::POST,
        path,
        authorized: true,
        headers: HeaderMap::new(),
        body: body.to_string().into(),
    };
    if let Ok(reply) = simulator.handle(incoming).await
        && let ReplyBody::Playback(playback) = reply.body
    {
        let _ = playback.collect().await;
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_call_that_is_dropped_at_any_moment_gives_its_reservation_back() {
    const MS: Duration = Duration::from_millis(1);
    let calls = rich_bodies().into_iter().take(3).flat_map(|(path, body)| {
        let stream = path
            .replace("/converse", "/converse-stream")
            .replace("/invoke", "/invoke-with-response-stream");
        [(path, body.clone()), (stream, body)]
    });
    let faults = [
        None,
        Some(Fault::model_timeout()),
        Some(Fault::model_error()),
        Some(Fault::connection_reset()),
        Some(Fault::connection_reset().at(3)),
        Some(Fault::hang()),
        Some(Fault::hang().at(3)),
        Some(Fault::stream_cut_in_frame().at(3)),
        Some(Fault::slow_body(3 * MS)),
    ];
    for call in calls {
        let id = call.0.split('/').nth(2).unwrap();
        for fault in &faults {
            for moment in 0..60 {
                let simulator = Simulator::new()
                    .model(Model::new(id).tokens_per_minute(u64::MAX).burndown(5))
                    .latency(Latency::new(10 * MS, MS));
                simulator.script(fault.clone());
                drop(timeout(moment * MS, whole_call(&simulator, call.clone())).await);
                let usage = simulator.usage();
                let usage = usage.model(id).unwrap();
                assert_eq!(usage.admitted, 1, "{}", call.0);
                let open = (usage.in_flight, usage.outstanding);
                assert_eq!(open, (0, 0), "{} {fault:?} {moment}", call.0);
                let spent = usage.input_tokens + usage.cache_write_tokens + 5 * usage.output_tokens;
                assert_eq!(usage.settled, spent, "{} {fault:?} {moment}", call.0);
            }
        }
    }
}

#[test]
fn the_rich_bodies_are_good() {
    for (path, body) in rich_bodies() {
        let (status, _, answer) = answer(path.clone(), body.to_string().into_bytes());
        assert_eq!(status, 200, "{path}: {answer:?}");
    }
}
