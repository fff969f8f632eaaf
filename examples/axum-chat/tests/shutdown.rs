//! A server that is stopped finishes what it has begun.

mod running;

use bedrock_sim::{Fault, Simulator};
use futures_util::StreamExt;
use running::{events, start};
use std::time::Duration;

#[tokio::test]
async fn a_stream_is_finished_and_nobody_else_is_let_in() {
    let simulator = Simulator::new();
    simulator.script([Fault::slow_body(Duration::from_millis(20))]);
    let server = start(&simulator).await;
    let mut stream = events(server.ask_for_events("hello").send().await.unwrap());
    assert_eq!(stream.next().await.unwrap().0, "text");

    let url = server.url.clone();
    let ended = server.stop();
    // On a connection of its own: this one is answered still.
    loop {
        match reqwest::get(format!("{url}/healthz")).await {
            Ok(response) => assert!([200, 503].contains(&response.status().as_u16())),
            Err(error) => break assert!(error.is_connect()),
        }
    }
    let rest: Vec<_> = stream.collect().await;
    assert_eq!(rest.last().unwrap().0, "done");
    ended.await.unwrap().unwrap();
}
