//! What a script says, in JSON and in Rust.

use std::time::Duration;

use bedrock_sim::{
    Fault, Operation, Script, ScriptEntry, ScriptedAnswer, ScriptedBlock, Simulator, StopReason,
    StreamException,
};
use serde_json::json;

#[test]
fn a_fault_is_the_same_in_json_and_in_rust() {
    let fault = Fault::stream_exception(StreamException::ServiceUnavailable)
        .at(2)
        .times(3)
        .rate(0.5)
        .model("m")
        .operation(Operation::ConverseStream)
        .message("words")
        .retry_after(Duration::from_millis(1_500));
    let json = json!({
        "fault": "stream_exception",
        "exception": "service_unavailable",
        "at": 2,
        "times": 3,
        "rate": 0.5,
        "model": "m",
        "operation": "ConverseStream",
        "message": "words",
        "retry_after_ms": 1500,
    });
    assert_eq!(serde_json::to_value(&fault).unwrap(), json);
    assert_eq!(serde_json::from_value::<Fault>(json).unwrap(), fault);
    assert_eq!(
        serde_json::to_value(Fault::throttling_400()).unwrap()["fault"],
        "throttling_400"
    );
    assert_eq!(
        serde_json::to_value(Fault::bare_429()).unwrap()["fault"],
        "bare_429"
    );
}

#[test]
fn a_script_holds_faults_and_answers_in_one_order() {
    let answer = ScriptedAnswer::new()
        .text("42")
        .stop_reason(StopReason::MaxTokens)
        .cache_tokens(3, 4)
        .times(2);
    let entries = [ScriptEntry::from(Fault::throttling()), answer.into()];
    let json = json!([
        {"fault": "throttling"},
        {
            "fault": "answer",
            "text": "42",
            "stop_reason": "max_tokens",
            "cache_read_tokens": 3,
            "cache_write_tokens": 4,
            "times": 2,
        },
    ]);
    assert_eq!(serde_json::to_value(&entries).unwrap(), json);
    let script = Script::from_json(json.to_string().as_bytes()).unwrap();
    assert_eq!(script.entries, entries);

    for (mixed, why) in [
        (r#"[{"fault": "throttling", "text": "42"}]"#, "`text`"),
        (r#"[{"fault": "answer", "message": "no"}]"#, "`message`"),
        (
            r#"[{"fault": "answer", "rate": 2}]"#,
            "`rate` is from 0 to 1",
        ),
    ] {
        let error = Script::from_json(mixed.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn the_longest_hint_is_no_overflow() {
    let fault = Fault::throttling().http_retry_after(Duration::MAX);
    assert_eq!(
        serde_json::to_value(fault).unwrap()["retry_after_s"],
        u64::MAX
    );
}

#[test]
fn a_script_may_ask_the_simulator_while_it_is_made() {
    let simulator = Simulator::new();
    simulator.script((0..2).map(|_| {
        assert!(simulator.usage().models.is_empty());
        Fault::throttling()
    }));
}

#[test]
fn content_and_events_are_the_same_in_json_and_in_rust() {
    let json = json!([
        {"fault": "answer", "content": [
            {"reasoning": {"text": "hm"}},
            {"reasoning": {"text": "hm", "signature": "c2ln"}},
            {"redacted_reasoning": "c2ln"},
            {"text": "yes"},
            {"tool_use": {"name": "f", "input": {"a": 1}}},
            {"tool_use": {"name": "f", "input": {"a": 1}, "cut_after": 3}},
        ]},
        {"fault": "answer", "events": [{"messageStop": {"stopReason": "end_turn"}}]},
    ]);
    let rust = [
        ScriptedAnswer::new().content([
            ScriptedBlock::reasoning("hm"),
            ScriptedBlock::signed_reasoning("hm", "c2ln"),
            ScriptedBlock::redacted_reasoning("c2ln"),
            ScriptedBlock::text("yes"),
            ScriptedBlock::tool_use("f", json!({"a": 1})),
            ScriptedBlock::cut_tool_use("f", json!({"a": 1}), 3),
        ]),
        ScriptedAnswer::new().events([json!({"messageStop": {"stopReason": "end_turn"}})]),
    ];
    let script = Script::from_json(json.to_string().as_bytes()).unwrap();
    assert_eq!(script.entries, rust.clone().map(Into::into));
    assert_eq!(serde_json::to_value(rust).unwrap(), json);
}
