//! Streams that break, at each of their events, over both fronts.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fronts;

use std::time::Duration;

use aws_sdk_bedrockruntime::{
    Client,
    types::{
        ConverseStreamOutput,
        error::{ConverseStreamOutputError, ResponseStreamError},
    },
};
use bedrock_sim::{Fault, Model, ScriptedAnswer, ScriptedBlock, Simulator, StreamException};
use fronts::{CLAUDE, anthropic, both, converse_stream, invoke_stream, read, read_chunks};
use serde_json::{Value, json};
use tokio::time::timeout;

const EXCEPTIONS: [StreamException; 6] = [
    StreamException::InternalServer,
    StreamException::ModelStreamError,
    StreamException::ModelTimeout,
    StreamException::ServiceUnavailable,
    StreamException::Throttling,
    StreamException::Validation,
];

/// A simulator whose answers have each kind of event.
fn simulator() -> Simulator {
    let content = [
        ScriptedBlock::reasoning("two pieces of thought"),
        ScriptedBlock::text("text"),
        ScriptedBlock::tool_use("first", json!({"a": [1, 2, 3], "b": "four"})),
        ScriptedBlock::tool_use("second", json!({})),
    ];
    Simulator::new()
        .model(Model::new(CLAUDE).burndown(5).tokens_per_minute(1_000_000))
        .answers(move |_| Some(ScriptedAnswer::new().content(content.clone())))
}

async fn events_of(client: &Client) -> Vec<ConverseStreamOutput> {
    let (events, end) = read(converse_stream(client, "hello").await).await;
    end.unwrap();
    events
}

async fn chunks_of(client: &Client) -> Vec<Value> {
    let (chunks, end) = read_chunks(invoke_stream(client, &anthropic("hello")).await).await;
    end.unwrap();
    chunks
}

/// The first two, one in the middle, the last, and the end.
fn places(events: usize) -> [usize; 5] {
    [0, 1, events / 2, events - 1, events]
}

#[tokio::test]
async fn each_exception_can_take_the_place_of_each_event() {
    let simulator = simulator();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        let whole = events_of(client).await;
        let whole_chunks = chunks_of(client).await;
        for exception in EXCEPTIONS {
            let fault = Fault::stream_exception(exception).message("my words");
            for at in places(whole.len()) {
                if exception == StreamException::ModelTimeout {
                    // Not an exception of ConverseStream: it waits for the other operation.
                    simulator.script([fault.clone().at(0)]);
                    assert_eq!(events_of(client).await, whole);
                    let stream = invoke_stream(client, &anthropic("hello")).await;
                    read_chunks(stream).await.1.unwrap_err();
                    break;
                }
                simulator.script([fault.clone().at(at as u64)]);
                let (events, end) = read(converse_stream(client, "hello").await).await;
                assert_eq!(events, whole[..at]);
                let error = end.unwrap_err().into_service_error();
                assert!(is(exception, &error), "{exception:?}: {error:?}");
                assert!(format!("{error:?}").contains("my words"));
            }
            for at in places(whole_chunks.len()) {
                simulator.script([fault.clone().at(at as u64)]);
                let stream = invoke_stream(client, &anthropic("hello")).await;
                let (chunks, end) = read_chunks(stream).await;
                assert_eq!(chunks, whole_chunks[..at]);
                let error = end.unwrap_err().into_service_error();
                assert!(is_of_chunks(exception, &error), "{exception:?}: {error:?}");
            }
        }
    }
}

fn is(exception: StreamException, error: &ConverseStreamOutputError) -> bool {
    match exception {
        StreamException::InternalServer => error.is_internal_server_exception(),
        StreamException::ModelStreamError => error.is_model_stream_error_exception(),
        StreamException::ServiceUnavailable => error.is_service_unavailable_exception(),
        StreamException::Throttling => error.is_throttling_exception(),
        StreamException::Validation => error.is_validation_exception(),
        _ => false,
    }
}

fn is_of_chunks(exception: StreamException, error: &ResponseStreamError) -> bool {
    match exception {
        StreamException::InternalServer => error.is_internal_server_exception(),
        StreamException::ModelStreamError => error.is_model_stream_error_exception(),
        StreamException::ModelTimeout => error.is_model_timeout_exception(),
        StreamException::ServiceUnavailable => error.is_service_unavailable_exception(),
        StreamException::Throttling => error.is_throttling_exception(),
        StreamException::Validation => error.is_validation_exception(),
        _ => false,
    }
}

#[tokio::test]
async fn a_stream_can_end_wrongly_at_each_of_its_events() {
    let simulator = simulator();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        let whole = events_of(client).await;
        for at in 0..whole.len() {
            let strike = async |fault: Fault| {
                simulator.script([fault.at(at as u64)]);
                let (events, end) = read(converse_stream(client, "hello").await).await;
                assert_eq!(events, whole[..at]);
                end
            };
            // A body that is cut between frames is no error to the SDK at all.
            strike(Fault::stream_cut()).await.unwrap();
            strike(Fault::stream_cut_in_frame()).await.unwrap_err();
            let corrupt = strike(Fault::stream_corrupt()).await.unwrap_err();
            assert!(format!("{corrupt:?}").contains("Checksum"), "{corrupt:?}");
            strike(Fault::connection_reset()).await.unwrap_err();
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stream_can_stall_at_each_of_its_events() {
    let simulator = simulator();
    let client = simulator.sdk_client();
    let whole = events_of(&client).await;
    for at in 0..=whole.len() {
        simulator.script([Fault::hang().at(at as u64)]);
        let mut stream = converse_stream(&client, "hello").await;
        for event in &whole[..at] {
            assert_eq!(stream.recv().await.unwrap().as_ref(), Some(event));
        }
        let next = timeout(Duration::from_secs(3_600), stream.recv()).await;
        assert!(next.is_err(), "{at}: {next:?}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_stream_that_ends_early_pays_for_what_it_delivered_and_no_more() {
    let simulator = simulator();
    let client = simulator.sdk_client();
    let events = events_of(&client).await.len();
    let settled = |simulator: &Simulator| {
        let usage = simulator.usage();
        let usage = usage.model(CLAUDE).unwrap();
        assert_eq!(usage.in_flight, 0);
        (usage.settled, usage.output_tokens)
    };
    let (_, output) = settled(&simulator);
    let mut before = 0;
    for at in 0..=events {
        simulator.reset();
        let mut stream = converse_stream(&client, "hello").await;
        for _ in 0..at {
            stream.recv().await.unwrap().unwrap();
        }
        drop(stream);
        let (settled_of_reader, delivered) = settled(&simulator);
        // Two tokens of text and four of a message are the input.
        assert_eq!(settled_of_reader, 6 + 5 * delivered, "{at}");
        assert!((before..=output).contains(&delivered), "{at}: {delivered}");
        before = delivered;
        for fault in [
            Fault::stream_exception(StreamException::Throttling),
            Fault::stream_cut(),
            Fault::stream_cut_in_frame(),
            Fault::stream_corrupt(),
            Fault::connection_reset(),
            Fault::hang(),
        ] {
            simulator.reset();
            simulator.script([fault.clone().at(at as u64)]);
            let stream = read(converse_stream(&client, "hello").await);
            drop(timeout(Duration::from_secs(3_600), stream).await);
            let of_fault = settled(&simulator);
            assert_eq!(of_fault, (settled_of_reader, delivered), "{at}: {fault:?}");
        }
    }
    assert_eq!(before, output);
}
