//! A caller that goes away takes nothing with it.

mod running;

use bedrock_sim::{Fault, Simulator};
use futures_util::StreamExt;
use running::{events, start};
use serde_json::Value;

fn is_held(status: &Value) -> bool {
    let model = &status["models"][0];
    model["under_way"] == 1 && model["reserved_tokens"].as_u64() > Some(0)
}

fn is_given_back(status: &Value) -> bool {
    let model = &status["models"][0];
    model["under_way"] == 0 && model["reserved_tokens"] == 0 && model["waiting"] == 0
}

#[tokio::test]
async fn a_caller_that_leaves_an_answer_gives_back_what_the_call_holds() {
    let simulator = Simulator::new();
    simulator.script([Fault::hang()]);
    let server = start(&simulator).await;
    let call = tokio::spawn(server.ask("hello").send());
    server.until(is_held).await;
    call.abort();
    server.until(is_given_back).await;
}

#[tokio::test]
async fn a_caller_that_leaves_a_stream_gives_back_what_the_call_holds() {
    let simulator = Simulator::new();
    simulator.script([Fault::hang().at(3)]);
    let server = start(&simulator).await;
    let mut stream = events(server.ask_for_events("hello").send().await.unwrap());
    assert_eq!(stream.next().await.unwrap().0, "text");
    server.until(is_held).await;
    drop(stream);
    server.until(is_given_back).await;
}
