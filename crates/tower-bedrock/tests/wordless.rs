//! Models that write no text: embeddings, images, rankings. They draw no output tokens.

mod common;
#[path = "common/wire.rs"]
mod wire;

use aws_sdk_bedrockruntime::{operation::invoke_model::InvokeModelInput, primitives::Blob};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Request, StackLayer, Usage,
    monitor::Monitor,
    policy::{Quotas, TokenCost},
};
use wire::answering;

const INPUT: &str = "x-amzn-bedrock-input-token-count";
const OUTPUT: &str = "x-amzn-bedrock-output-token-count";

fn invoke(model: &str, body: &str) -> Request<InvokeModelInput> {
    let input = InvokeModelInput::builder()
        .model_id(model)
        .body(Blob::new(body));
    Request::new(input.build().expect("nothing is required")).input_tokens(100)
}

const WORDLESS: [(&str, &str, &str); 6] = [
    (
        "amazon.titan-embed-text-v2:0",
        r#"{"inputText": "hello"}"#,
        r#"{"embedding":[0.1],"embeddingsByType":{"float":[0.1]},"inputTextTokenCount":7}"#,
    ),
    (
        "cohere.embed-english-v3",
        r#"{"texts": ["hello"], "input_type": "search_query"}"#,
        r#"{"embeddings":[[0.1]],"id":"1","texts":["hello"]}"#,
    ),
    (
        "us.twelvelabs.marengo-embed-3-0-v1:0",
        r#"{"inputType": "text", "text": {"inputText": "hello"}}"#,
        r#"{"data":[{"embedding":[0.1]}]}"#,
    ),
    (
        "cohere.rerank-v3-5:0",
        r#"{"query": "hello", "documents": ["a", "b"], "api_version": 2}"#,
        r#"{"results":[{"index":1,"relevance_score":0.9}]}"#,
    ),
    (
        "amazon.nova-canvas-v1:0",
        r#"{"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "hello"}}"#,
        r#"{"images":["AAAA"]}"#,
    ),
    (
        "us.stability.stable-image-inpaint-v1:0",
        r#"{"image": "AAAA", "mask": "AAAA", "prompt": "hello"}"#,
        r#"{"seeds":[1],"finish_reasons":[null],"images":["AAAA"]}"#,
    ),
];

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_model_that_writes_no_text_reserves_no_output_and_is_never_cut_off() {
    for (model, body, answer) in WORDLESS {
        let monitor = Monitor::new();
        let cost = TokenCost::new("us-east-1").monitored_by(monitor.clone());
        let stack = StackLayer::new("us-east-1").quota(cost.layer(Quotas::new()));
        let stack = stack.layer(answering(200, &[(INPUT, "7")], answer));
        for n in 0..25 {
            // Not the same to the cache.
            let body = body.replace("hello", &format!("hello {n}"));
            let response = stack.clone().oneshot(invoke(model, &body)).await;
            let response = response.expect("it is answered");
            assert_eq!(response.meta().usage(), Some(Usage::new(7, 0)), "{model}");
        }
        let used = monitor.snapshot(&format!("us-east-1/{model}"));
        let used = used.expect("it was called");
        assert_eq!(
            (used.answers, used.unset, used.cut_off),
            (25, 0, 0),
            "{model}"
        );
        assert_eq!(
            (used.reserved_tokens, used.charged_tokens),
            (2_500, 175),
            "{model}"
        );
        // There is no `max_tokens` to advise.
        assert_eq!(monitor.advice(), [], "{model}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn of_a_model_that_writes_text_an_absent_count_is_unknown() {
    for answer in [
        r#"{"results":[{"tokenCount":2,"outputText":"hi"}]}"#,
        r#"{"content":[{"type":"text","text":"hi"}]}"#,
    ] {
        let bedrock = answering(200, &[(INPUT, "7")], answer);
        let response = bedrock
            .oneshot(invoke("amazon.titan-text-express-v1", "{}"))
            .await;
        assert_eq!(
            response.expect("it is answered").meta().usage(),
            None,
            "{answer}"
        );
    }
    let both = answering(
        200,
        &[(INPUT, "7"), (OUTPUT, "0")],
        r#"{"embedding":[0.1]}"#,
    );
    let response = both
        .oneshot(invoke("amazon.titan-embed-text-v2:0", "{}"))
        .await;
    let usage = response.expect("it is answered").meta().usage();
    assert_eq!(usage, Some(Usage::new(7, 0)));
}
