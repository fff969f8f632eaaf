//! The shortest mock: a function that answers.
//!
//! What the mock remembers is in an `Arc`. A service is cloned, by the layers and by code that makes
//! several calls, and a count in a plain variable would be one for each clone; and the future that
//! answers lives on after the closure has returned, so it cannot borrow from it.

use mock_tests::{summarize, with_tool};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};
use tower::service_fn;
use tower_bedrock::{
    ErrorKind, Request, aws_sdk_bedrockruntime::operation::converse::ConverseInput, test_util,
};

#[tokio::test]
async fn a_summary_is_what_the_model_says() {
    let bedrock = service_fn(|_| async { Ok(test_util::text("It rains.")) });
    assert_eq!(summarize(bedrock, "Rain, rain").await.unwrap(), "It rains.");
}

#[tokio::test]
async fn without_capacity_a_summary_is_the_beginning() {
    let bedrock = service_fn(|_| async { Err(test_util::throttled()) });
    assert_eq!(summarize(bedrock, "Rain").await.unwrap(), "Rain…");
}

#[tokio::test]
async fn a_mistake_of_ours_is_not_hidden() {
    let bedrock = service_fn(|_| async { Err(test_util::error(ErrorKind::Invalid)) });
    let error = summarize(bedrock, "Rain").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn the_prompt_has_the_text_and_a_limit_of_tokens() {
    let asked = Arc::new(Mutex::new(vec![]));
    let bedrock = service_fn(|request: Request<ConverseInput>| {
        asked.lock().unwrap().push(request);
        async { Ok(test_util::text("It rains.")) }
    });
    summarize(bedrock, "Rain, rain").await.unwrap();

    let asked = asked.lock().unwrap();
    let said = asked[0].messages()[0].content()[0].as_text().unwrap();
    assert_eq!(said, "In one sentence: Rain, rain");
    let limits = asked[0].inference_config().unwrap();
    assert_eq!(limits.max_tokens(), Some(100));
}

#[tokio::test]
async fn a_tool_is_asked_until_the_model_is_content() {
    let calls = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&calls);
    let bedrock = service_fn(move |_: Request<ConverseInput>| {
        let call = seen.fetch_add(1, Ordering::Relaxed);
        async move {
            Ok(match call {
                0 | 1 => test_util::tool_call("weather", r#"{"city": "Rome"}"#),
                _ => test_util::text("It is dry."),
            })
        }
    });
    let said = with_tool(bedrock, "Umbrella?", |_| "no rain".to_owned()).await;
    assert_eq!(said.unwrap(), "It is dry.");
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}
