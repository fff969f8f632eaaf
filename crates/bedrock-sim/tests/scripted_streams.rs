//! Streams whose every event is set, and answers to what the last message says.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fronts;

use aws_sdk_bedrockruntime::types::ConverseStreamOutput;
use bedrock_sim::{Fault, ScriptedAnswer, Simulator};
use fronts::{
    CLAUDE, anthropic, both, converse, converse_stream, invoke_stream, read, read_chunks,
};
use serde_json::json;

fn names(events: &[ConverseStreamOutput]) -> Vec<&'static str> {
    let name = |event: &ConverseStreamOutput| match event {
        ConverseStreamOutput::MessageStart(_) => "messageStart",
        ConverseStreamOutput::ContentBlockDelta(_) => "contentBlockDelta",
        ConverseStreamOutput::ContentBlockStop(_) => "contentBlockStop",
        ConverseStreamOutput::MessageStop(_) => "messageStop",
        ConverseStreamOutput::Metadata(_) => "metadata",
        _ => "another",
    };
    events.iter().map(name).collect()
}

#[tokio::test]
async fn a_converse_stream_has_exactly_the_events_of_its_script() {
    let events = [
        json!({"messageStart": {"role": "assistant"}}),
        json!({"newEvent": {"of": "a later year"}}),
        json!({"contentBlockDelta": {"contentBlockIndex": 3, "delta": {"text": "one"}}}),
        json!({"metadata": {
            "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
            "metrics": {"latencyMs": 4},
        }}),
    ];
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        simulator.script([ScriptedAnswer::new()
            .events(events.clone())
            .output_tokens(9)]);
        let (seen, end) = read(converse_stream(client, "hello").await).await;
        end.unwrap();
        assert_eq!(
            names(&seen),
            ["messageStart", "another", "contentBlockDelta", "metadata"]
        );
        let delta = seen[2].as_content_block_delta().unwrap();
        assert_eq!(delta.content_block_index(), 3);
        assert_eq!(delta.delta().unwrap().as_text().unwrap(), "one");
        assert_eq!(
            seen[3]
                .as_metadata()
                .unwrap()
                .usage()
                .unwrap()
                .total_tokens(),
            3
        );
    }
    let usage = simulator.usage();
    assert_eq!(usage.model(CLAUDE).unwrap().output_tokens, 2 * 9);
}

#[tokio::test]
async fn a_chunk_is_the_event_of_its_script() {
    let events = [
        json!({"type": "message_start"}),
        json!({"type": "message_stop"}),
        json!(7),
    ];
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        simulator.script([ScriptedAnswer::new().events(events.clone())]);
        let (chunks, end) = read_chunks(invoke_stream(client, &anthropic("hello")).await).await;
        end.unwrap();
        assert_eq!(chunks, events);
    }
}

#[tokio::test]
async fn an_answer_can_end_at_once_without_content() {
    let simulator = Simulator::new().answers(|_| Some(ScriptedAnswer::new().content([])));
    let client = simulator.sdk_client();
    let (events, end) = read(converse_stream(&client, "hello").await).await;
    end.unwrap();
    assert_eq!(names(&events), ["messageStart", "messageStop", "metadata"]);
    let stop = events[1].as_message_stop().unwrap();
    assert_eq!(stop.stop_reason().as_str(), "end_turn");
    let output = converse(&client, "hello").await;
    assert!(
        output
            .output()
            .unwrap()
            .as_message()
            .unwrap()
            .content()
            .is_empty()
    );
    assert_eq!(output.usage().unwrap().output_tokens(), 0);
}

#[tokio::test]
async fn answers_match_the_last_message_and_faults_strike_them() {
    let simulator = Simulator::new().answers(|said| match said.trim_end() {
        "sing" => Some(ScriptedAnswer::new().text("la")),
        _ => None,
    });
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        let says = async |text| {
            let output = converse(client, text).await;
            let message = output.output().unwrap().as_message().unwrap().clone();
            message.content()[0].as_text().unwrap().clone()
        };
        assert_eq!(says("sing").await, "la");
        assert_ne!(says("dance").await, "la");
        // A script's own answer takes precedence.
        simulator.script([ScriptedAnswer::new().text("no")]);
        assert_eq!(says("sing").await, "no");
        // One event of text: start, delta, stop, end of the message, and usage.
        simulator.script([Fault::stream_cut().at(2)]);
        let (events, end) = read(converse_stream(client, "sing").await).await;
        end.unwrap();
        assert_eq!(names(&events), ["messageStart", "contentBlockDelta"]);
        assert_eq!(
            events[1]
                .as_content_block_delta()
                .unwrap()
                .delta()
                .unwrap()
                .as_text()
                .unwrap(),
            "la"
        );
    }
}
