use super::*;

fn all_end_in(ending: Ending, bodies: &[&str]) {
    for body in bodies {
        assert!(serde_json::from_str::<IgnoredAny>(body).is_ok(), "{body}");
        assert_eq!(super::ending(body.as_bytes()), ending, "{body}");
    }
}

#[test]
fn each_family_tells_that_its_answer_is_complete() {
    all_end_in(
        Ending::Complete,
        &[
            r#"{"type":"message","content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","stop_sequence":null}"#,
            r#"{"content":[{"type":"thinking","thinking":"a"},{"type":"text","text":"hi"}],"stop_reason":"stop_sequence"}"#,
            r#"{"output":{"message":{"role":"assistant","content":[{"text":"hi"}]}},"stopReason":"end_turn"}"#,
            r#"{"inputTextTokenCount":2,"results":[{"tokenCount":2,"outputText":"hi","completionReason":"FINISH"}]}"#,
            r#"{"generation":"hi","prompt_token_count":2,"stop_reason":"stop"}"#,
            r#"{"outputs":[{"text":"hi","stop_reason":"stop"}]}"#,
            r#"{"text":"hi","finish_reason":"COMPLETE"}"#,
            r#"{"generations":[{"text":"hi","finish_reason":"COMPLETE"}]}"#,
            r#"{"message":{"role":"assistant","content":[{"type":"text","text":"hi"}]},"finish_reason":"COMPLETE"}"#,
            r#"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"text":"hi","stop_reason":"stop"}]}"#,
            r#"{"completions":[{"data":{"text":"hi"},"finishReason":{"reason":"endoftext"}}]}"#,
            r#"{"message":"a film","finishReason":"stop"}"#,
            r#"{"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","amazon-bedrock-guardrailAction":"NONE"}"#,
        ],
    );
}

#[test]
fn two_names_of_one_thing_are_no_error() {
    all_end_in(
        Ending::Complete,
        &[
            r#"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop","stop_reason":null}]}"#,
            r#"{"choices":[{"message":{"content":"hi"},"finish_reason":"stop","stop_reason":128009}]}"#,
            r#"{"generation":"hi","stop_reason":null,"finish_reason":"stop"}"#,
            r#"{"text":"hi","finish_reason":"COMPLETE","stopReason":"end_turn","results":null}"#,
            r#"{"choices":[{"text":"hi","message":null,"finish_reason":"stop"}],"outputs":[]}"#,
        ],
    );
    all_end_in(
        Ending::Truncated,
        &[r#"{"text":"hi","finish_reason":"stop","stop_reason":"length"}"#],
    );
}

#[test]
fn embeddings_and_rankings_are_complete() {
    all_end_in(
        Ending::Complete,
        &[
            r#"{"embedding":[0.1,0.2],"inputTextTokenCount":2}"#,
            r#"{"embedding":[0.1],"embeddingsByType":{"float":[0.1]},"inputTextTokenCount":2}"#,
            r#"{"embeddingsByType":{"binary":[1]},"inputTextTokenCount":2}"#,
            r#"{"embedding":[0.1],"inputTextTokenCount":2,"message":null}"#,
            r#"{"embeddings":{"float":[[0.1]]},"id":"1","texts":["hi"]}"#,
            r#"{"embeddings":[{"embeddingType":"TEXT","embedding":[1]}]}"#,
            r#"{"data":[{"embedding":[0.1],"startSec":0}]}"#,
            r#"{"results":[{"index":0,"relevance_score":0.9}]}"#,
            r#"{"results":[{"index":0,"relevanceScore":0.9}]}"#,
        ],
    );
    all_end_in(
        Ending::Other,
        &[
            r#"{"embedding":[0.1],"message":"the image was too large"}"#,
            r#"{"images":["AAAA"],"error":null}"#,
            r#"{"results":[]}"#,
        ],
    );
}

#[test]
fn of_several_answers_the_worst_counts() {
    all_end_in(
        Ending::Truncated,
        &[
            r#"{"choices":[{"text":"a","finish_reason":"stop"},{"text":"b","finish_reason":"length"}]}"#,
            r#"{"outputs":[{"text":"hi","stop_reason":"length"}]}"#,
            r#"{"results":[{"outputText":"hi","completionReason":"LENGTH"}]}"#,
            r#"{"output":{"message":{"content":[{"text":"hi"}]}},"stopReason":"max_tokens"}"#,
        ],
    );
    all_end_in(
        Ending::ToolUse,
        &[
            r#"{"content":[{"type":"tool_use","id":"1","name":"f","input":{}}],"stop_reason":"tool_use"}"#,
            r#"{"choices":[{"message":{"content":null,"tool_calls":[{"id":"1"}]},"finish_reason":"tool_calls"}]}"#,
            r#"{"output":{"message":{"content":[{"toolUse":{"name":"f"}}]}},"stopReason":"tool_use"}"#,
        ],
    );
    all_end_in(
        Ending::Other,
        &[
            r#"{"choices":[{"text":"a","finish_reason":"stop"},{"text":"b","finish_reason":null}]}"#,
            r#"{"choices":[{"text":"a","finish_reason":"stop"},{"text":"","finish_reason":"stop"}]}"#,
            r#"{"content":[{"type":"text","text":"no"}],"stop_reason":"refusal"}"#,
            r#"{"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","amazon-bedrock-guardrailAction":"INTERVENED"}"#,
        ],
    );
}

#[test]
fn what_has_nothing_for_its_reader_is_no_answer() {
    all_end_in(
        Ending::Other,
        &[
            r#"{"content":[],"stop_reason":"end_turn"}"#,
            r#"{"content":[{"type":"text","text":" \n"}],"stop_reason":"end_turn"}"#,
            r#"{"content":[{"type":"thinking","thinking":"hm"},{"type":"redacted_thinking","data":"hm"}],"stop_reason":"end_turn"}"#,
            r#"{"output":{"message":{"content":[]}},"stopReason":"end_turn"}"#,
            r#"{"output":{"message":{"content":[{"reasoningContent":{"reasoningText":{"text":"hm"}}}]}},"stopReason":"end_turn"}"#,
            r#"{"generation":"","stop_reason":"stop"}"#,
            r#"{"results":[{"outputText":"","completionReason":"FINISH"}]}"#,
            r#"{"choices":[{"message":{"content":"","reasoning_content":"hm"},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"message":{"content":null,"tool_calls":[]},"finish_reason":"stop"}]}"#,
            r#"{"choices":[],"finish_reason":"stop"}"#,
            r#"{"of":"another family","stop_reason":"stop"}"#,
            r#"{"answer":"hi"}"#,
            r#"[1]"#,
        ],
    );
}
