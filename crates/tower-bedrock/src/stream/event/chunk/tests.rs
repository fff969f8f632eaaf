use super::*;
use crate::response::Usage;

fn tells(chunk: &str) -> Tells {
    Chunk::read(chunk.as_bytes()).unwrap().tells()
}

const METRICS: &str = r#""amazon-bedrock-invocationMetrics":{"inputTokenCount":7,"outputTokenCount":5,"invocationLatency":9,"firstByteLatency":3}"#;

#[test]
fn each_family_has_a_last_event_of_its_own() {
    for (chunk, is_last) in [
        // Anthropic
        (r#"{"type":"message_start","message":{"stop_reason":null}}"#.to_owned(), false),
        (r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#.to_owned(), false),
        (format!(r#"{{"type":"message_stop",{METRICS}}}"#), true),
        // Nova
        (r#"{"contentBlockDelta":{"delta":{"text":"a"},"contentBlockIndex":0}}"#.to_owned(), false),
        (r#"{"messageStop":{"stopReason":"end_turn"}}"#.to_owned(), true),
        (format!(r#"{{"metadata":{{"usage":{{}}}},{METRICS}}}"#), false),
        // Titan
        (r#"{"outputText":"a","index":0,"completionReason":null}"#.to_owned(), false),
        (r#"{"outputText":"a","index":0,"completionReason":"FINISH"}"#.to_owned(), true),
        // Llama
        (r#"{"generation":"a","stop_reason":null}"#.to_owned(), false),
        (r#"{"generation":"","stop_reason":"stop"}"#.to_owned(), true),
        // Cohere
        (r#"{"text":"a","is_finished":false}"#.to_owned(), false),
        (r#"{"is_finished":true,"finish_reason":"COMPLETE"}"#.to_owned(), true),
        (r#"{"type":"message-start"}"#.to_owned(), false),
        (r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#.to_owned(), true),
        // AI21 and whoever speaks as OpenAI does
        (format!(r#"{{"choices":[],{METRICS}}}"#), true),
        // One that nobody knows
        (r#"{"delta":"a","text":["b"]}"#.to_owned(), false),
        (format!(r#"{{"delta":"a",{METRICS}}}"#), true),
    ] {
        assert_eq!(tells(&chunk).is_last, is_last, "{chunk}");
    }
}

#[test]
fn a_chunk_tells_of_every_answer_in_it() {
    for (chunk, open, closed) in [
        (
            r#"{"outputs":[{"text":"a","stop_reason":null}]}"#,
            &[0][..],
            &[][..],
        ),
        (
            r#"{"outputs":[{"text":"a","stop_reason":"stop"}]}"#,
            &[],
            &[0],
        ),
        (
            r#"{"choices":[{"index":1,"delta":{"content":"a"},"finish_reason":null}]}"#,
            &[1],
            &[],
        ),
        (
            r#"{"choices":[{"index":1,"delta":{"content":"a"},"finish_reason":""}]}"#,
            &[1],
            &[],
        ),
        (
            r#"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#,
            &[],
            &[1],
        ),
        (
            r#"{"choices":[{"index":0,"finish_reason":"stop"},{"index":2},{"index":1,"finish_reason":"length"}]}"#,
            &[2],
            &[0, 1],
        ),
        (r#"{"index":1,"text":"a","is_finished":false}"#, &[1], &[]),
        (
            r#"{"index":1,"is_finished":true,"finish_reason":"COMPLETE"}"#,
            &[],
            &[1],
        ),
        (
            r#"{"outputText":"a","index":0,"completionReason":null}"#,
            &[],
            &[],
        ),
    ] {
        let mut choices = Choices::default();
        open.iter().for_each(|index| choices.open(*index));
        closed.iter().for_each(|index| choices.close(*index));
        let tells = tells(chunk);
        assert_eq!((tells.choices, tells.is_last), (choices, false), "{chunk}");
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
            r#"{"type":"content-delta","delta":{"message":{"content":{"text":"a"}}}}"#,
            "a",
            None,
        ),
        (
            r#"{"type":"message-end","delta":{"finish_reason":"MAX_TOKENS"}}"#,
            "",
            Some(Ending::Truncated),
        ),
        (
            r#"{"completion":"a","stop_reason":"stop_sequence"}"#,
            "a",
            Some(Ending::Complete),
        ),
        (
            r#"{"message":"a","finishReason":"length"}"#,
            "a",
            Some(Ending::Truncated),
        ),
        (
            r#"{"choices":[{"delta":{"content":[{"type":"text","text":"a"},{"type":"thinking"},{"text":"b"}]}}]}"#,
            "ab",
            None,
        ),
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
        (
            r#"{"type":"tool-call-start","delta":{"message":{"tool_calls":{"id":"1"}}}}"#,
            true,
        ),
        (
            r#"{"type":"tool-plan-delta","delta":{"message":{"tool_plan":"hm"}}}"#,
            false,
        ),
        (
            r#"{"is_finished":false,"event_type":"tool-calls-generation","tool_calls":[{}]}"#,
            true,
        ),
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
        (r#"{"type":"somebodys-delta","delta":{}}"#, false),
        (r#"{"messageStart":{"role":"assistant"}}"#, true),
        (r#"{"type":"message-start"}"#, true),
        (r#"{"is_finished":false,"event_type":"stream-start"}"#, true),
        (
            r#"{"type":"completion","completion":"a","stop_reason":null}"#,
            true,
        ),
        (r#"{"choices":[]}"#, true),
        (r#"{"message":"a","finishReason":null}"#, true),
    ] {
        assert_eq!(tells(chunk).tells_its_end, known, "{chunk}");
    }
    assert!(Chunk::read(b"no JSON").is_none());
}
