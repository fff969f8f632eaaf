//! Streams of each family of models, whole and cut after each of their chunks.

use aws_sdk_bedrockruntime::{
    primitives::Blob,
    types::{PayloadPart, ResponseStream},
};
use tower_bedrock::{ErrorKind, EventStream, Usage};

const METRICS: &str = r#""amazon-bedrock-invocationMetrics":{"inputTokenCount":7,"outputTokenCount":5,"invocationLatency":9,"firstByteLatency":3}}"#;

/// A stream as the family's documentation has it, by its chunks; and how many of them may be missing, for
/// the message is whole without them.
///
/// Bedrock adds its metrics to the last chunk, whatever the family.
struct Recorded {
    family: &'static str,
    chunks: &'static [&'static str],
    after_the_end: usize,
    text: &'static str,
}

const fn recorded(
    family: &'static str,
    text: &'static str,
    after_the_end: usize,
    chunks: &'static [&'static str],
) -> Recorded {
    Recorded {
        family,
        chunks,
        after_the_end,
        text,
    }
}

const FAMILIES: &[Recorded] = &[
    recorded(
        "Anthropic",
        "Hi.",
        0,
        &[
            r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"stop_reason":null,"usage":{"input_tokens":7,"output_tokens":1}}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s="}}"#,
            r#"{"type":"content_block_stop","index":0}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}"#,
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi."}}"#,
            r#"{"type":"content_block_stop","index":1}"#,
            r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{}}}"#,
            r#"{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}}"#,
            r#"{"type":"content_block_stop","index":2}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":5}}"#,
            r#"{"type":"message_stop"}"#,
        ],
    ),
    recorded(
        "Claude 2",
        " Hi",
        0,
        &[
            r#"{"type":"completion","completion":" H","stop_reason":null,"stop":null}"#,
            r#"{"type":"completion","completion":"i","stop_reason":null,"stop":null}"#,
            r#"{"type":"completion","completion":"","stop_reason":"stop_sequence","stop":"\n\nHuman:"}"#,
        ],
    ),
    recorded(
        "Claude 2 without types",
        " Hi",
        0,
        &[
            r#"{"completion":" Hi","stop_reason":null,"stop":null}"#,
            r#"{"completion":"","stop_reason":"max_tokens","stop":null}"#,
        ],
    ),
    recorded(
        "Nova",
        "Hi",
        1,
        &[
            r#"{"messageStart":{"role":"assistant"}}"#,
            r#"{"contentBlockDelta":{"delta":{"text":"Hi"},"contentBlockIndex":0}}"#,
            r#"{"contentBlockStop":{"contentBlockIndex":0}}"#,
            r#"{"contentBlockStart":{"start":{"toolUse":{"toolUseId":"t","name":"f"}},"contentBlockIndex":1}}"#,
            r#"{"contentBlockDelta":{"delta":{"toolUse":{"input":"{}"}},"contentBlockIndex":1}}"#,
            r#"{"contentBlockStop":{"contentBlockIndex":1}}"#,
            r#"{"messageStop":{"stopReason":"tool_use"}}"#,
            r#"{"metadata":{"usage":{"inputTokens":7,"outputTokens":5},"metrics":{},"trace":{}}}"#,
        ],
    ),
    recorded(
        "Nova with a tool first",
        "",
        1,
        &[
            r#"{"contentBlockStart":{"start":{"toolUse":{"toolUseId":"t","name":"f"}},"contentBlockIndex":0}}"#,
            r#"{"contentBlockStop":{"contentBlockIndex":0}}"#,
            r#"{"messageStop":{"stopReason":"tool_use"}}"#,
            r#"{"metadata":{"usage":{"inputTokens":7,"outputTokens":5}}}"#,
        ],
    ),
    recorded(
        "Titan",
        "Hi",
        0,
        &[
            r#"{"outputText":"H","index":0,"totalOutputTextTokenCount":null,"completionReason":null,"inputTextTokenCount":7}"#,
            r#"{"outputText":"i","index":0,"totalOutputTextTokenCount":5,"completionReason":"FINISH","inputTextTokenCount":null}"#,
        ],
    ),
    recorded(
        "Llama",
        "Hi",
        0,
        &[
            r#"{"generation":"","prompt_token_count":7,"generation_token_count":1,"stop_reason":null}"#,
            r#"{"generation":"Hi","prompt_token_count":null,"generation_token_count":4,"stop_reason":null}"#,
            r#"{"generation":"","prompt_token_count":null,"generation_token_count":5,"stop_reason":"stop"}"#,
        ],
    ),
    recorded(
        "Mistral, of text",
        "Hi",
        0,
        &[
            r#"{"outputs":[{"text":"Hi","stop_reason":null}]}"#,
            r#"{"outputs":[{"text":"","stop_reason":"stop"}]}"#,
        ],
    ),
    recorded(
        "Mistral, of chat",
        "Hi",
        0,
        &[
            r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"stop_reason":null}]}"#,
            r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},"stop_reason":"tool_calls"}]}"#,
        ],
    ),
    recorded(
        "Mistral, in parts",
        "Hi",
        0,
        &[
            r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"Hi"}]},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]}"#,
        ],
    ),
    recorded(
        "DeepSeek R1",
        "<think>Hi",
        0,
        &[
            r#"{"choices":[{"text":"<think>","stop_reason":null}]}"#,
            r#"{"choices":[{"text":"Hi","stop_reason":null}]}"#,
            r#"{"choices":[{"text":"","stop_reason":"length"}]}"#,
        ],
    ),
    recorded(
        "OpenAI",
        "Hi",
        1,
        &[
            r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"openai.gpt-oss-20b-1:0","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":null}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"<reasoning>hm</reasoning>","reasoning":"hm"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":null,"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12}}"#,
        ],
    ),
    recorded(
        "OpenAI, with a first chunk of no choice",
        "Hi",
        0,
        &[
            r#"{"choices":[],"prompt_filter_results":[]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
        ],
    ),
    recorded(
        "OpenAI, two answers in turn that end at once",
        "aBbA",
        0,
        &[
            r#"{"choices":[{"index":1,"delta":{"content":"a"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"B"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"b"},"finish_reason":null},{"index":1,"delta":{"content":"A"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"},{"index":1,"delta":{},"finish_reason":"stop"}]}"#,
        ],
    ),
    recorded(
        "OpenAI, two answers that begin at once",
        "abc",
        0,
        &[
            r#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null},{"index":1,"delta":{"content":"b"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"index":1,"delta":{"content":"c"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#,
        ],
    ),
    recorded(
        "AI21",
        "Hi",
        0,
        &[
            r#"{"id":"c","choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}],"usage":null}"#,
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"usage":null}"#,
            r#"{"id":"c","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":5,"total_tokens":12},"meta":{}}"#,
        ],
    ),
    recorded(
        "Writer",
        "Hi",
        0,
        &[
            r#"{"id":"c","object":"chat.completion.chunk","created":1,"model":"palmyra-x5","choices":[{"index":0,"finish_reason":"","delta":{"role":"assistant","content":"","tool_calls":[]}}]}"#,
            r#"{"choices":[{"index":0,"finish_reason":null,"stop_reason":null,"message":null,"delta":{"content":"Hi","tool_calls":null},"logprobs":null}]}"#,
            r#"{"choices":[{"index":0,"finish_reason":"stop","stop_reason":null,"delta":{"content":""}}]}"#,
        ],
    ),
    recorded(
        "Cohere, of text",
        "Hi",
        0,
        &[
            r#"{"is_finished":false,"text":"H"}"#,
            r#"{"is_finished":false,"text":"i"}"#,
            r#"{"is_finished":true,"finish_reason":"COMPLETE"}"#,
        ],
    ),
    recorded(
        "Cohere, of text, two answers",
        "ab",
        0,
        &[
            r#"{"index":0,"is_finished":false,"text":"a"}"#,
            r#"{"index":1,"is_finished":false,"text":"b"}"#,
            r#"{"index":1,"is_finished":true,"finish_reason":"COMPLETE"}"#,
            r#"{"index":0,"is_finished":true,"finish_reason":"COMPLETE"}"#,
        ],
    ),
    recorded(
        "Cohere, v1",
        "Hi",
        0,
        &[
            r#"{"is_finished":false,"event_type":"stream-start","generation_id":"g"}"#,
            r#"{"is_finished":false,"event_type":"tool-calls-generation","tool_calls":[{"name":"f","parameters":{}}]}"#,
            r#"{"is_finished":false,"event_type":"text-generation","text":"Hi"}"#,
            r#"{"is_finished":false,"event_type":"citation-generation","citations":[{"start":0,"end":2,"text":"Hi","document_ids":[]}]}"#,
            r#"{"is_finished":true,"event_type":"stream-end","finish_reason":"COMPLETE","response":{"text":"Hi","generation_id":"g"}}"#,
        ],
    ),
    recorded(
        "Cohere, v2",
        "Hi",
        0,
        &[
            r#"{"type":"message-start","id":"m","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}"#,
            r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"I look."}}}"#,
            r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"t","type":"function","function":{"name":"f","arguments":""}}}}}"#,
            r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"{}"}}}}}"#,
            r#"{"type":"tool-call-end","index":0}"#,
            r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#,
            r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"Hi"}}}}"#,
            r#"{"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":0,"end":2,"text":"Hi","sources":[]}}}}"#,
            r#"{"type":"citation-end","index":0}"#,
            r#"{"type":"content-end","index":0}"#,
            r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":7,"output_tokens":5}}}}"#,
        ],
    ),
    recorded(
        "Pegasus",
        "Hi",
        0,
        &[
            r#"{"message":"H","finishReason":null}"#,
            r#"{"message":"i","finishReason":null}"#,
            r#"{"message":"","finishReason":"stop"}"#,
        ],
    ),
    recorded(
        "one that nobody knows",
        "",
        0,
        &[r#"{"says":"Hi","done":true}"#],
    ),
];

fn chunk(json: String) -> ResponseStream {
    ResponseStream::Chunk(PayloadPart::builder().bytes(Blob::new(json)).build())
}

/// The text, the kind of the error that ends it, and the usage.
async fn read(chunks: impl Iterator<Item = String>) -> (String, Option<ErrorKind>, Option<Usage>) {
    let mut text = String::new();
    let mut pieces = EventStream::from_events(chunks.map(chunk)).text();
    let mut error = None;
    while let Some(piece) = futures_util::StreamExt::next(&mut pieces).await {
        match piece {
            Ok(piece) => text += &piece,
            Err(wrong) => error = Some(wrong.kind()),
        }
    }
    (text, error, pieces.get_ref().meta().usage())
}

fn with_metrics(chunk: &str) -> String {
    format!("{},{METRICS}", &chunk[..chunk.len() - 1])
}

#[tokio::test]
async fn the_whole_stream_of_each_family_ends_well_with_its_text_and_its_usage() {
    for stream in FAMILIES {
        let (last, others) = stream.chunks.split_last().unwrap();
        let others = others.iter().map(|chunk| (*chunk).to_owned());
        let measured = read(others.clone().chain([with_metrics(last)])).await;
        let usage = Some(Usage::new(7, 5));
        // The thoughts of gpt-oss are part of its text.
        let mut text = stream.text.to_owned();
        if stream.family == "OpenAI" {
            text.insert_str(0, "<reasoning>hm</reasoning>");
        }
        assert_eq!(measured, (text.clone(), None, usage), "{}", stream.family);
        let bare = read(others.chain([(*last).to_owned()])).await;
        assert_eq!(bare, (text, None, None), "{}", stream.family);
    }
}

#[tokio::test]
async fn no_stream_of_a_family_passes_for_whole_without_its_last_chunk() {
    for stream in FAMILIES {
        for length in 0..stream.chunks.len() {
            let chunks = stream.chunks[..length].iter();
            let (_, error, _) = read(chunks.map(|chunk| (*chunk).to_owned())).await;
            let is_whole = length + stream.after_the_end >= stream.chunks.len();
            // Nothing of the answer came: it may be asked for again.
            let wanted = match length {
                0 => Some(ErrorKind::Transient),
                _ => (!is_whole).then_some(ErrorKind::Truncated),
            };
            assert_eq!(error, wanted, "{} after {length}", stream.family);
        }
    }
}
