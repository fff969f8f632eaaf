//! CountTokens.

use crate::fronts::{CLAUDE, NOVA, both, user};
use aws_sdk_bedrockruntime::{
    error::ProvideErrorMetadata as _,
    primitives::Blob,
    types::{ConverseTokensRequest, CountTokensInput, InvokeModelTokensRequest},
};
use bedrock_sim::{Model, Simulator};
use serde_json::json;

const BASE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

#[tokio::test]
async fn count_tokens_counts_what_the_call_is_charged() {
    let simulator = Simulator::new();
    let (clients, _server) = both(&simulator).await;
    for client in &clients {
        let converse = ConverseTokensRequest::builder()
            .messages(user("hello"))
            .build();
        let body = json!({
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 10,
            "messages": [{"role": "user", "content": "hello"}],
        });
        let invoke = InvokeModelTokensRequest::builder()
            .body(Blob::new(body.to_string()))
            .build()
            .unwrap();
        for input in [
            CountTokensInput::Converse(converse),
            CountTokensInput::InvokeModel(invoke),
        ] {
            let count = client.count_tokens().model_id(BASE).input(input);
            assert_eq!(count.send().await.unwrap().input_tokens(), 6);
        }
    }
}

#[tokio::test]
async fn tokens_are_counted_for_a_model_and_not_for_a_profile_of_it() {
    let simulator = Simulator::new().model(Model::new(CLAUDE));
    let client = simulator.sdk_client();
    let arn = format!("arn:aws:bedrock:us-east-1::foundation-model/{BASE}");
    for (id, answer) in [
        (BASE, Ok(6)),
        (&*arn, Ok(6)),
        (
            CLAUDE,
            Err("The provided model doesn't support counting tokens."),
        ),
        (NOVA, Err("The provided model identifier is invalid.")),
    ] {
        let request = ConverseTokensRequest::builder().messages(user("hello"));
        let input = CountTokensInput::Converse(request.build());
        let count = client.count_tokens().model_id(id).input(input).send().await;
        let count = count.map(|count| count.input_tokens());
        let count = count.as_ref().map_err(|error| error.message().unwrap());
        assert_eq!(count.copied(), answer, "{id}");
    }
}
