//! Streams made by hand: whole, broken off, throttled on their way.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use mock_tests::read_aloud;
use std::sync::Mutex;
use tower::service_fn;
use tower_bedrock::{
    Error, ErrorKind, EventStream, aws_sdk_bedrockruntime::types::ConverseStreamOutput as Event,
    test_util,
};

/// What is said of a call that is answered like this.
async fn said(answer: fn() -> Result<EventStream<Event>, Error>) -> Result<Vec<String>, Error> {
    let said = Mutex::new(vec![]);
    let bedrock = service_fn(|_| async move { answer() });
    read_aloud(bedrock, "Tell me.", |text| {
        said.lock().unwrap().push(text.to_owned());
    })
    .await?;
    Ok(said.into_inner().unwrap())
}

#[tokio::test]
async fn each_sentence_is_said_when_it_is_whole() {
    let said = said(|| Ok(test_util::stream(["It ra", "ins. It po", "urs. Go"]))).await;
    assert_eq!(said.unwrap(), ["It rains.", "It pours.", "Go"]);
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_told_to_have() {
    let said = said(|| {
        let cut = test_util::error(ErrorKind::Truncated);
        Ok(test_util::failing_stream(["It rains. It po"], cut))
    });
    assert_eq!(said.await.unwrap(), ["It rains.", "I lost the thread."]);
}

#[tokio::test]
async fn a_throttle_before_the_first_word_is_an_error() {
    let error = said(|| Err(test_util::throttled())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
}

#[tokio::test]
async fn a_throttle_on_the_way_says_how_much_came() {
    let error = said(|| {
        let throttled = test_util::throttled();
        Ok(test_util::failing_stream(["It po"], throttled))
    });
    let error = error.await.unwrap_err();
    assert_eq!(
        (error.kind(), error.text_delivered()),
        (ErrorKind::Throttled, Some(5))
    );
}
