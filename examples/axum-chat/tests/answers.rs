//! One route, two kinds of answers.

mod running;

use bedrock_sim::{Fault, Simulator};
use reqwest::header::ACCEPT;
use running::{NOVA, all_events, problem, start};
use serde_json::{Value, json};

#[tokio::test]
async fn one_route_answers_with_json_or_with_events() {
    let server = start(&Simulator::new()).await;
    let answer = server.ask("hello").header(ACCEPT, "*/*").send();
    let answer: Value = answer.await.unwrap().json().await.unwrap();
    assert!(!answer["text"].as_str().unwrap().is_empty());
    assert!(answer["output_tokens"].as_u64().unwrap() > 0);

    let streamed = all_events(server.ask_for_events("hello").send().await.unwrap()).await;
    let (last, pieces) = streamed.split_last().unwrap();
    assert!(pieces.len() > 1);
    assert!(pieces.iter().all(|(name, _)| name == "text"));
    let text: String = pieces
        .iter()
        .filter_map(|(_, data)| data["text"].as_str())
        .collect();
    assert_eq!(text, answer["text"]);
    assert_eq!(last.0, "done");
    assert_eq!(last.1["output_tokens"], answer["output_tokens"]);
}

#[tokio::test]
async fn an_equal_question_of_the_same_tenant_is_answered_by_the_cache() {
    let server = start(&Simulator::new()).await;
    let ask = async |tenant: &str| {
        let asked = server.ask_for_events("hello").header("x-tenant", tenant);
        let events = all_events(asked.send().await.unwrap()).await;
        let (name, account) = events.last().unwrap().clone();
        assert_eq!(name, "done");
        account["cached"] == true
    };
    assert!(!ask("a").await);
    assert!(ask("a").await);
    assert!(!ask("b").await);
}

#[tokio::test]
async fn a_model_is_chosen_among_those_that_are_served() {
    let simulator = Simulator::new();
    let server = start(&simulator).await;
    let body = json!({ "prompt": "hello", "model": NOVA });
    assert_eq!(server.post(&body).send().await.unwrap().status(), 200);
    assert_eq!(
        simulator.usage().model(NOVA).map(|usage| usage.admitted),
        Some(1)
    );
    let body = json!({ "prompt": "hello", "model": "gpt-2" });
    let (status, _, body) = problem(server.post(&body).send().await.unwrap()).await;
    assert_eq!(status, 400);
    assert!(body["detail"].as_str().unwrap().contains(NOVA));
}

#[tokio::test]
async fn a_fault_is_retried_and_the_caller_sees_nothing_of_it() {
    let simulator = Simulator::new();
    simulator.script([Fault::service_unavailable()]);
    let server = start(&simulator).await;
    let answer = server.ask("hello").send().await.unwrap();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["attempts"], 2);
}
