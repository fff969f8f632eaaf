//! What those who run the server see.

mod running;

use bedrock_sim::Simulator;
use reqwest::header::{CONTENT_SECURITY_POLICY, RETRY_AFTER};
use running::{CLAUDE, NOVA, problem, start};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn health_tells_which_circuits_are_open_and_fails_when_all_are() {
    let server = start(&Simulator::new()).await;
    let health = async || {
        let response = server.get("/healthz").send().await.unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap(),
        )
    };
    assert_eq!(
        health().await,
        (200, json!({ "status": "ok", "open_circuits": [] }))
    );

    let circuits = server.handle.circuits();
    let circuit = |model| circuits.handle(&format!("us-east-1/{model}").into());
    let minute = Duration::from_secs(60);
    circuit(CLAUDE).force_open_for(minute);
    let (status, body) = health().await;
    assert_eq!(status, 200);
    assert_eq!(
        body["open_circuits"][0]["model"],
        format!("us-east-1/{CLAUDE}")
    );
    assert_eq!(body["open_circuits"].as_array().unwrap().len(), 1);
    let other = server.post(&json!({ "prompt": "hello", "model": NOVA }));
    assert_eq!(other.send().await.unwrap().status(), 200);

    let response = server.ask("hello").send().await.unwrap();
    assert!(response.headers().contains_key(RETRY_AFTER));
    let (status, name, _) = problem(response).await;
    assert_eq!((status, &*name), (503, "circuit_open"));

    circuit(NOVA).force_open_for(minute);
    assert_eq!(health().await.0, 503);
}

#[tokio::test]
async fn status_and_metrics_show_what_was_asked() {
    axum_chat::install_metrics();
    let server = start(&Simulator::new()).await;
    for _ in 0..2 {
        server
            .ask("hello")
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
    }
    let status: Value = server
        .get("/status")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&status["cache_hits"], &status["cache_misses"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(status["models"][0]["circuit"], "closed");
    let metrics = server
        .get("/metrics")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for line in [
        "tower_response_cache_requests_total",
        "tower_quota_admitted_total",
    ] {
        assert!(metrics.contains(line), "{metrics}");
    }
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let server = start(&Simulator::new()).await;
    for path in ["/", "/chat.css", "/chat.js"] {
        let response = server.get(path).send().await.unwrap();
        let policy = response.headers()[CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
        let text = response.text().await.unwrap();
        assert!(!text.contains("//cdn") && !text.contains("http"), "{path}");
        for markup in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
        ] {
            assert!(!text.contains(markup), "{path}: {markup}");
        }
    }
}
