use super::*;

fn tells(chunk: &str) -> Tells {
    Chunk::read(chunk.as_bytes()).unwrap().tells()
}

const METRICS: &str = r#""amazon-bedrock-invocationMetrics":{"inputTokenCount":7,"outputTokenCount":5,"invocationLatency":9,"firstByteLatency":3}"#;

#[test]
fn each_family_has_a_last_event_of_its_own() {
    let complete = Some(Mark::Complete);
    for (chunk, mark) in [
        // Anthropic
        (r#"{"type":"message_start","message":{"stop_reason":null}}"#.to_owned(), None),
        (r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#.to_owned(), None),
        (format!(r#"{{"type":"message_stop",{METRICS}}}"#), complete),
        // Nova
        (r#"{"contentBlockDelta":{"delta":{"text":"a"},"contentBlockIndex":0}}"#.to_owned(), None),
        (r#"{"messageStop":{"stopReason":"end_turn"}}"#.to_owned(), complete),
        (format!(r#"{{"metadata":{{"usage":{{}}}},{METRICS}}}"#), None),
        // Titan
        (r#"{"outputText":"a","index":0,"completionReason":null}"#.to_owned(), None),
        (r#"{"outputText":"a","index":0,"completionReason":"FINISH"}"#.to_owned(), complete),
        // Llama
        (r#"{"generation":"a","stop_reason":null}"#.to_owned(), None),
        (r#"{"generation":"","stop_reason":"stop"}"#.to_owned(), complete),
        // Mistral
        (r#"{"outputs":[{"text":"a","stop_reason":null}]}"#.to_owned(), Some(Mark::ChoiceOpen(0))),
        (r#"{"outputs":[{"text":"a","stop_reason":"stop"}]}"#.to_owned(), Some(Mark::ChoiceComplete(0))),
        // Cohere
        (r#"{"text":"a","is_finished":false}"#.to_owned(), None),
        (r#"{"is_finished":true,"finish_reason":"COMPLETE"}"#.to_owned(), complete),
        // AI21 and whoever speaks as OpenAI does
        (r#"{"choices":[{"index":1,"delta":{"content":"a"},"finish_reason":null}]}"#.to_owned(), Some(Mark::ChoiceOpen(1))),
        (r#"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#.to_owned(), Some(Mark::ChoiceComplete(1))),
        (format!(r#"{{"choices":[],{METRICS}}}"#), complete),
        // One that nobody knows
        (r#"{"delta":"a","text":["b"]}"#.to_owned(), None),
        (format!(r#"{{"delta":"a",{METRICS}}}"#), complete),
        (format!(r#"{{"type":"message-end","delta":{{}},{METRICS}}}"#), complete),
    ] {
        assert_eq!(tells(&chunk).mark, mark, "{chunk}");
    }
}

#[test]
fn the_metrics_are_the_usage() {
    let last = tells(&format!(r#"{{"type":"message_stop",{METRICS}}}"#));
    assert_eq!(last.usage, Some(Usage::new(7, 5)));
    let half = r#"{"amazon-bedrock-invocationMetrics":{"inputTokenCount":7}}"#;
    assert_eq!(tells(half).usage, None);
}

#[test]
fn each_family_has_its_text_and_its_ending() {
    for (chunk, text, ending) in [
        (
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"a\"b"}}"#,
            "a\"b",
            None,
        ),
        (
            r#"{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{"}}"#,
            "",
            None,
        ),
        (
            r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"}}"#,
            "",
            Some(Ending::Truncated),
        ),
        (r#"{"contentBlockDelta":{"delta":{"text":"a"}}}"#, "a", None),
        (
            r#"{"outputText":"a","completionReason":"LENGTH"}"#,
            "a",
            Some(Ending::Truncated),
        ),
        (
            r#"{"generation":"a","stop_reason":"length"}"#,
            "a",
            Some(Ending::Truncated),
        ),
        (
            r#"{"outputs":[{"text":"a","stop_reason":"stop"}]}"#,
            "a",
            Some(Ending::Complete),
        ),
        (r#"{"text":"a","is_finished":false}"#, "a", None),
        (
            r#"{"choices":[{"index":0,"message":{"content":"a"},"finish_reason":"tool_calls"},{"index":1,"text":"b"}]}"#,
            "ab",
            Some(Ending::ToolUse),
        ),
    ] {
        let read = Chunk::read(chunk.as_bytes()).unwrap();
        assert_eq!(read.text(), text, "{chunk}");
        let tells = read.tells();
        assert_eq!(
            (tells.text_bytes, tells.ending),
            (text.len() as u64, ending),
            "{chunk}"
        );
    }
}

#[test]
fn two_names_of_one_thing_are_no_error() {
    for (chunk, text, ending) in [
        (
            r#"{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop","stop_reason":null}]}"#,
            "a",
            Some(Ending::Complete),
        ),
        (
            r#"{"choices":[{"index":0,"delta":{"content":"a"},"message":null,"finish_reason":"stop","stop_reason":7}]}"#,
            "a",
            Some(Ending::Complete),
        ),
        (
            r#"{"generation":"a","stop_reason":null,"finish_reason":"length"}"#,
            "a",
            Some(Ending::Truncated),
        ),
        (
            r#"{"generation":"a","text":null,"stop_reason":"stop","completionReason":null}"#,
            "a",
            Some(Ending::Complete),
        ),
    ] {
        let read = Chunk::read(chunk.as_bytes()).unwrap();
        assert_eq!(read.text(), text, "{chunk}");
        assert_eq!(read.tells().ending, ending, "{chunk}");
    }
}

#[test]
fn texts_and_calls_of_tools_are_for_the_reader_and_thoughts_are_not() {
    for (chunk, has_content) in [
        (
            r#"{"type":"content_block_start","content_block":{"type":"thinking","thinking":""}}"#,
            false,
        ),
        (
            r#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}}"#,
            false,
        ),
        (
            r#"{"type":"content_block_start","content_block":{"type":"text","text":""}}"#,
            false,
        ),
        (
            r#"{"type":"content_block_start","content_block":{"type":"tool_use","id":"1"}}"#,
            true,
        ),
        (
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}"#,
            true,
        ),
        (
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":" "}}"#,
            false,
        ),
        (
            r#"{"contentBlockDelta":{"delta":{"reasoningContent":{"text":"hm"}}}}"#,
            false,
        ),
        (
            r#"{"contentBlockStart":{"start":{"toolUse":{"name":"f"}}}}"#,
            true,
        ),
        (r#"{"contentBlockDelta":{"delta":{"text":"a"}}}"#, true),
        (
            r#"{"choices":[{"delta":{"content":"","reasoning_content":"hm"}}]}"#,
            false,
        ),
        (
            r#"{"choices":[{"delta":{"content":null,"tool_calls":[{"id":"1"}]}}]}"#,
            true,
        ),
        (r#"{"outputText":"","completionReason":"FINISH"}"#, false),
    ] {
        assert_eq!(tells(chunk).has_content, has_content, "{chunk}");
    }
}

#[test]
fn a_family_that_is_not_known_does_not_tell_its_end() {
    for (chunk, known) in [
        (r#"{"type":"ping"}"#, true),
        (r#"{"generation":"a"}"#, true),
        (r#"{"something":"else"}"#, false),
        (r#"{"type":"content-delta","delta":{}}"#, false),
    ] {
        assert_eq!(tells(chunk).tells_its_end, known, "{chunk}");
    }
    assert!(Chunk::read(b"no JSON").is_none());
}
