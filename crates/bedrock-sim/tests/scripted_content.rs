//! Reasoning and several tool calls in one answer, in both formats, streamed and not.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fronts;

use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ConverseStreamOutput, ReasoningContentBlock,
    ReasoningContentBlockDelta, StopReason,
};
use aws_smithy_types::base64;
use bedrock_sim::{ScriptedAnswer, ScriptedBlock, Simulator};
use fronts::{
    anthropic, both, converse, converse_stream, invoke, invoke_stream, read, read_chunks,
};
use serde_json::{Value, json};

const THOUGHT: &str = "The user asks for two cities at once, so I call twice.";
const REDACTED: &str = "c2VjcmV0IHRob3VnaHRz";

fn blocks() -> [ScriptedBlock; 5] {
    [
        ScriptedBlock::signed_reasoning(THOUGHT, "c2lnbmVk"),
        ScriptedBlock::redacted_reasoning(REDACTED),
        ScriptedBlock::text("I look it up."),
        ScriptedBlock::tool_use("get_weather", json!({"city": "Köln", "days": [1, 2, 3]})),
        ScriptedBlock::tool_use("get_weather", json!({"city": "Bern", "unit": null})),
    ]
}

fn simulator() -> Simulator {
    Simulator::new().answers(|_| Some(ScriptedAnswer::new().content(blocks())))
}

/// What a stream says, put together block by block as a reader of Converse does it.
fn joined(events: &[ConverseStreamOutput]) -> Vec<Value> {
    let mut blocks: Vec<Value> = Vec::new();
    let at = |index: i32| usize::try_from(index).unwrap();
    for event in events {
        match event {
            ConverseStreamOutput::ContentBlockStart(event) => {
                let call = event.start().unwrap().as_tool_use().unwrap();
                assert_eq!(at(event.content_block_index()), blocks.len());
                blocks.push(json!({"tool": call.name(), "id": call.tool_use_id(), "input": ""}));
            }
            ConverseStreamOutput::ContentBlockDelta(event) => {
                let index = at(event.content_block_index());
                if index == blocks.len() {
                    blocks.push(json!({}));
                }
                let (key, piece) = match event.delta().unwrap() {
                    ContentBlockDelta::Text(text) => ("text", text.as_str()),
                    ContentBlockDelta::ToolUse(call) => ("input", call.input()),
                    ContentBlockDelta::ReasoningContent(reasoning) => match reasoning {
                        ReasoningContentBlockDelta::Text(text) => ("thought", text.as_str()),
                        ReasoningContentBlockDelta::Signature(text) => ("signature", text.as_str()),
                        ReasoningContentBlockDelta::RedactedContent(blob) => {
                            blocks[index]["redacted"] = base64::encode(blob.as_ref()).into();
                            continue;
                        }
                        other => panic!("{other:?}"),
                    },
                    other => panic!("{other:?}"),
                };
                let so_far = blocks[index][key].as_str().unwrap_or_default();
                blocks[index][key] = format!("{so_far}{piece}").into();
            }
            ConverseStreamOutput::ContentBlockStop(event) => {
                // In sequence: a block ends before the next begins.
                assert_eq!(at(event.content_block_index()) + 1, blocks.len());
            }
            _ => {}
        }
    }
    blocks
}

#[tokio::test]
async fn converse_shows_reasoning_and_parallel_tool_calls() {
    let simulator = simulator();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        let output = converse(client, "hello").await;
        assert_eq!(*output.stop_reason(), StopReason::ToolUse);
        let message = output.output().unwrap().as_message().unwrap();
        let [
            ContentBlock::ReasoningContent(ReasoningContentBlock::ReasoningText(thought)),
            ContentBlock::ReasoningContent(ReasoningContentBlock::RedactedContent(redacted)),
            ContentBlock::Text(text),
            ContentBlock::ToolUse(first),
            ContentBlock::ToolUse(second),
        ] = message.content()
        else {
            panic!("{message:?}")
        };
        assert_eq!(
            (thought.text(), thought.signature()),
            (THOUGHT, Some("c2lnbmVk"))
        );
        assert_eq!(base64::encode(redacted.as_ref()), REDACTED);
        assert_eq!(text, "I look it up.");
        let city = |call: &aws_sdk_bedrockruntime::types::ToolUseBlock| {
            call.input().as_object().unwrap()["city"]
                .as_string()
                .map(str::to_owned)
        };
        assert_eq!(
            (city(first).as_deref(), city(second).as_deref()),
            (Some("Köln"), Some("Bern"))
        );
        assert_ne!(first.tool_use_id(), second.tool_use_id());

        let (events, end) = read(converse_stream(client, "hello").await).await;
        end.unwrap();
        assert_eq!(
            joined(&events),
            [
                json!({"thought": THOUGHT, "signature": "c2lnbmVk"}),
                json!({"redacted": REDACTED}),
                json!({"text": "I look it up."}),
                json!({
                    "tool": "get_weather",
                    "id": first.tool_use_id(),
                    "input": r#"{"city":"Köln","days":[1,2,3]}"#,
                }),
                json!({
                    "tool": "get_weather",
                    "id": second.tool_use_id(),
                    "input": r#"{"city":"Bern","unit":null}"#,
                }),
            ]
        );
        let Some(ConverseStreamOutput::Metadata(end)) = events.last() else {
            panic!("no metadata")
        };
        assert_eq!(end.usage(), output.usage());
    }
}

#[tokio::test]
async fn anthropic_bodies_show_reasoning_and_parallel_tool_calls() {
    let client = simulator().sdk_client();
    let answer = invoke(&client, &anthropic("hello")).await;
    assert_eq!(answer["stop_reason"], "tool_use");
    let content = answer["content"].as_array().unwrap();
    let thinking = json!({"type": "thinking", "thinking": THOUGHT, "signature": "c2lnbmVk"});
    assert_eq!(content[0], thinking);
    assert_eq!(
        content[1],
        json!({"type": "redacted_thinking", "data": REDACTED})
    );
    assert_eq!(content[4]["input"], json!({"city": "Bern", "unit": null}));

    let (chunks, end) = read_chunks(invoke_stream(&client, &anthropic("hello")).await).await;
    end.unwrap();
    let mut blocks: Vec<Value> = Vec::new();
    for chunk in &chunks {
        let delta = &chunk["delta"];
        match chunk["type"].as_str().unwrap() {
            "content_block_start" => {
                assert_eq!(chunk["index"], blocks.len());
                let mut block = chunk["content_block"].clone();
                if block["type"] == "tool_use" {
                    assert_eq!(block["input"], json!({}));
                    block["input"] = "".into();
                }
                blocks.push(block);
            }
            "content_block_delta" => {
                let block = blocks.last_mut().unwrap();
                let (key, piece) = match delta["type"].as_str().unwrap() {
                    "text_delta" => ("text", &delta["text"]),
                    "thinking_delta" => ("thinking", &delta["thinking"]),
                    "signature_delta" => ("signature", &delta["signature"]),
                    "input_json_delta" => ("input", &delta["partial_json"]),
                    other => panic!("{other}"),
                };
                let so_far = block[key].as_str().unwrap();
                block[key] = format!("{so_far}{}", piece.as_str().unwrap()).into();
            }
            _ => {}
        }
    }
    for block in &mut blocks {
        if block["type"] == "tool_use" {
            block["input"] = serde_json::from_str(block["input"].as_str().unwrap()).unwrap();
        }
    }
    assert_eq!(&blocks, content);
}

#[tokio::test]
async fn a_maximum_cuts_the_input_of_a_tool_call() {
    let input = json!({"city": "Bern", "days": 7});
    let block = ScriptedBlock::cut_tool_use("get_weather", input, 12);
    let simulator =
        Simulator::new().answers(move |_| Some(ScriptedAnswer::new().content([block.clone()])));
    let client = simulator.sdk_client();
    let (events, _) = read(converse_stream(&client, "hello").await).await;
    assert_eq!(joined(&events)[0]["input"], r#"{"city":"Ber"#);
    let stop = events.iter().find_map(|event| event.as_message_stop().ok());
    assert_eq!(*stop.unwrap().stop_reason(), StopReason::MaxTokens);
    let whole = converse(&client, "hello").await;
    assert_eq!(*whole.stop_reason(), StopReason::MaxTokens);
    let message = whole.output().unwrap().as_message().unwrap();
    let call = message.content()[0].as_tool_use().unwrap();
    assert!(call.input().as_object().unwrap().is_empty());
    let chunks = read_chunks(invoke_stream(&client, &anthropic("hello")).await)
        .await
        .0;
    let stop = chunks
        .iter()
        .find(|chunk| chunk["type"] == "message_delta")
        .unwrap();
    assert_eq!(stop["delta"]["stop_reason"], "max_tokens");
}

fn two_tools(choice: &Value) -> Value {
    let tool = |name| {
        json!({"name": name, "input_schema": {
            "type": "object",
            "properties": {"city": {"type": "string", "minLength": 40}},
        }})
    };
    let mut body = anthropic("please get_weather and get_time");
    body["tools"] = json!([tool("get_time"), tool("get_weather")]);
    body["tool_choice"] = choice.clone();
    body
}

#[tokio::test]
async fn each_tool_that_the_user_names_is_called_unless_one_at_a_time_is_asked_for() {
    let client = Simulator::new().sdk_client();
    let names = async |choice: &Value| {
        let answer = invoke(&client, &two_tools(choice)).await;
        assert_eq!(answer["stop_reason"], "tool_use");
        let blocks = answer["content"].as_array().unwrap();
        let names = blocks
            .iter()
            .map(|block| block["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        names(&json!({"type": "auto"})).await,
        ["get_time", "get_weather"]
    );
    let one = json!({"type": "auto", "disable_parallel_tool_use": true});
    assert_eq!(names(&one).await, ["get_time"]);
}

#[tokio::test]
async fn a_call_that_does_not_fit_is_cut_at_exactly_the_maximum() {
    let client = Simulator::new().sdk_client();
    let mut body = two_tools(&json!({"type": "tool", "name": "get_time"}));
    body["max_tokens"] = 9.into();
    let answer = invoke(&client, &body).await;
    assert_eq!(answer["stop_reason"], "max_tokens");
    assert_eq!(answer["content"][0]["input"], json!({}));
    assert_eq!(answer["usage"]["output_tokens"], 9);
    let (chunks, _) = read_chunks(invoke_stream(&client, &body).await).await;
    let json: String = chunks
        .iter()
        .filter_map(|chunk| chunk["delta"]["partial_json"].as_str())
        .collect();
    // Four tokens for the call and two for the name leave three.
    assert_eq!(json.chars().count(), 12);
    serde_json::from_str::<Value>(&json).unwrap_err();
}

#[tokio::test]
async fn a_request_that_turns_thinking_on_gets_signed_reasoning_first() {
    let client = Simulator::new().sdk_client();
    let mut body = anthropic("hello");
    body["thinking"] = json!({"type": "enabled", "budget_tokens": 1024});
    let answer = invoke(&client, &body).await;
    let [thinking, text] = answer["content"].as_array().unwrap().as_slice() else {
        panic!("{answer}")
    };
    assert_eq!(
        (&thinking["type"], &text["type"]),
        (&json!("thinking"), &json!("text"))
    );
    let signature = thinking["signature"].as_str().unwrap();
    assert!(base64::decode(signature).is_ok_and(|bytes| !bytes.is_empty()));
    // The next turn hands it back as it came.
    body["messages"].as_array_mut().unwrap().extend([
        json!({"role": "assistant", "content": answer["content"]}),
        json!({"role": "user", "content": "go on"}),
    ]);
    invoke(&client, &body).await;
}
