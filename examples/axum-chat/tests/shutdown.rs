//! A server that is stopped finishes what it has begun.

mod running;

use bedrock_sim::{Fault, Simulator};
use futures_util::StreamExt;
use running::{events, problem, start, start_with};
use std::time::Duration;
use tower_bedrock::tower_quota::Limit;

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

#[tokio::test]
async fn those_who_wait_for_their_turn_are_turned_away() {
    let simulator = Simulator::new();
    simulator.script([Fault::slow_body(Duration::from_millis(20))]);
    // Its turn would come within its deadline.
    let one = Limit::calls(1, Duration::from_secs(20));
    let server = start_with(&simulator, |stack| stack.quotas(one)).await;
    let first = tokio::spawn(server.ask("hello").send());
    server
        .until(|status| status["models"][0]["under_way"] == 1)
        .await;
    let second = tokio::spawn(server.ask("good-bye").send());
    server
        .until(|status| status["models"][0]["waiting"] == 1)
        .await;

    let ended = server.stop();
    let (status, _, _) = problem(second.await.unwrap().unwrap()).await;
    assert_eq!(status, 503);
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    ended.await.unwrap().unwrap();
}
