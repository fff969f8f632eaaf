//! What a caller is told, and what it is not.

mod running;

use bedrock_sim::{Fault, Simulator};
use reqwest::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use running::{all_events, problem, start};
use std::time::Duration;

#[tokio::test]
async fn a_failure_before_the_first_event_has_a_status_and_a_wait() {
    for accept in ["application/json", "text/event-stream"] {
        let simulator = Simulator::new();
        let hour = Duration::from_secs(3600);
        simulator.script([Fault::throttling().retry_after(hour)]);
        let server = start(&simulator).await;
        let response = server
            .ask("hello")
            .header(ACCEPT, accept)
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()[RETRY_AFTER], "3600");
        let (status, name, body) = problem(response).await;
        assert_eq!((status, &*name), (429, "throttled"));
        assert_eq!(body["retry_after"], 3600);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_says_so_in_its_last_event() {
    let simulator = Simulator::new();
    simulator.script([Fault::stream_cut().at(3)]);
    let server = start(&simulator).await;
    let events = all_events(server.ask_for_events("hello").send().await.unwrap()).await;
    assert_eq!(events[0].0, "text");
    let (name, problem) = events.last().unwrap();
    assert_eq!(name, "error");
    assert!(problem["type"].as_str().unwrap().ends_with("#truncated"));
}

#[tokio::test]
async fn a_deadline_holds_for_an_answer_and_for_a_whole_stream() {
    let simulator = Simulator::new();
    simulator.script([Fault::hang(), Fault::hang().at(3)]);
    let server = start(&simulator).await;
    let asked = server.ask("hello").header("x-deadline-ms", "300").send();
    let (status, name, _) = problem(asked.await.unwrap()).await;
    assert_eq!((status, &*name), (504, "deadline_exceeded"));

    let asked = server
        .ask_for_events("hello")
        .header("x-deadline-ms", "300")
        .send();
    let events = all_events(asked.await.unwrap()).await;
    let (name, problem) = events.last().unwrap();
    assert_eq!((&*events[0].0, &**name), ("text", "error"));
    assert!(
        problem["type"]
            .as_str()
            .unwrap()
            .ends_with("#deadline_exceeded")
    );
}

#[tokio::test]
async fn what_the_server_has_done_wrong_is_told_to_nobody() {
    let simulator = Simulator::new();
    let message = "User: arn:aws:iam::123456789012:user/ci is not authorized";
    simulator.script([Fault::access_denied().message(message)]);
    let server = start(&simulator).await;
    let (status, name, body) = problem(server.ask("hello").send().await.unwrap()).await;
    assert_eq!((status, &*name), (500, "internal"));
    for internal in ["arn:", "AccessDenied", "anthropic", "us-east-1"] {
        assert!(!body.to_string().contains(internal), "{internal}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_what_to_do() {
    let server = start(&Simulator::new()).await;
    let post = |body: &'static str| {
        let url = format!("{}/chat", server.url);
        server
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .body(body)
    };
    let hello = r#"{"prompt": "hello"}"#;
    for (request, status, advice) in [
        (
            post(hello).header("x-deadline-ms", "soon"),
            400,
            "1 to 30000",
        ),
        (post(hello).header("x-deadline-ms", "0"), 400, "1 to 30000"),
        (post(hello).header("x-deadline-ms", "-1"), 400, "1 to 30000"),
        (
            post(hello).header("x-deadline-ms", "30001"),
            400,
            "1 to 30000",
        ),
        (post(hello).header("x-tenant", ""), 400, "1 to 64 letters"),
        (
            post(hello).header("x-tenant", "a b"),
            400,
            "1 to 64 letters",
        ),
        (
            post(hello).header("x-tenant", "a".repeat(65)),
            400,
            "1 to 64 letters",
        ),
        (post(hello).header("x-tenant", "ü"), 400, "1 to 64 letters"),
        (
            post(hello).header(ACCEPT, "text/html"),
            406,
            "text/event-stream",
        ),
        (post(hello).header(ACCEPT, "oh; dear"), 400, "media types"),
        (post(""), 400, "prompt"),
        (post("{"), 400, "prompt"),
        (post(r#"{"prompt": " "}"#), 400, "ask something"),
        (post(r#"{"prompt": 7}"#), 422, "prompt"),
        (post(r#"{"prompt": "a", "tokens": 7}"#), 422, "tokens"),
        (
            server
                .client
                .post(format!("{}/chat", server.url))
                .body(hello),
            415,
            "application/json",
        ),
    ] {
        let (told, _, body) = problem(request.send().await.unwrap()).await;
        assert_eq!(told, status, "{body}");
        let detail = body["detail"].as_str().unwrap();
        assert!(detail.contains(advice), "{detail}");
    }
}
