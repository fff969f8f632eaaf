//! Every operation as the SDK sees it, over both fronts.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../fronts/mod.rs"]
mod fronts;

mod converse;
mod counting;
mod guardrails;
mod prompt_cache;
mod raw_bodies;
mod tools;

use aws_sdk_bedrockruntime::{Client, primitives::Blob};
use serde_json::Value;

async fn invoke(client: &Client, model: &str, body: &Value) -> Value {
    let output = client
        .invoke_model()
        .model_id(model)
        .body(Blob::new(body.to_string()))
        .send()
        .await
        .unwrap();
    assert_eq!(output.content_type(), "application/json");
    serde_json::from_slice(output.body().as_ref()).unwrap()
}
