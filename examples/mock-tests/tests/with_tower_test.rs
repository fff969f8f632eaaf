//! A mock that the test answers step by step, while it looks at each request: `tower_test::mock`.
//!
//! Its errors are boxed, as `Buffer`'s are: `Error::from_boxed` takes ours out again.

use mock_tests::{Converse, summarize, with_tool};
use tower::ServiceExt;
use tower_bedrock::{
    Error, Request, Response,
    aws_sdk_bedrockruntime::operation::converse::{ConverseInput, ConverseOutput},
    test_util,
};
use tower_test::mock;

type Handle = mock::Handle<Request<ConverseInput>, Response<ConverseOutput>>;

fn bedrock() -> (impl Converse + Clone, Handle) {
    let (mock, handle) = mock::pair();
    (mock.map_err(Error::from_boxed), handle)
}

#[tokio::test]
async fn the_second_request_has_what_the_tool_said() {
    let (bedrock, mut handle) = bedrock();
    let call = with_tool(bedrock, "Umbrella?", |used| {
        let city = &used.input().as_object().unwrap()["city"];
        format!("no rain in {}", city.as_string().unwrap())
    });
    let answers = async {
        let (first, answer) = handle.next_request().await.unwrap();
        assert_eq!(first.messages().len(), 1);
        answer.send_response(test_util::tool_call("weather", r#"{"city": "Rome"}"#));

        let (second, answer) = handle.next_request().await.unwrap();
        let results = &second.messages()[2].content()[0];
        let result = &results.as_tool_result().unwrap().content()[0];
        assert_eq!(result.as_text().unwrap(), "no rain in Rome");
        answer.send_response(test_util::text("It is dry."));
    };
    let (said, ()) = tokio::join!(call, answers);
    assert_eq!(said.unwrap(), "It is dry.");
}

#[tokio::test]
async fn an_error_comes_out_of_its_box() {
    let (bedrock, mut handle) = bedrock();
    let answers = async {
        let (_, answer) = handle.next_request().await.unwrap();
        answer.send_error(test_util::throttled());
    };
    let (said, ()) = tokio::join!(summarize(bedrock, "Rain"), answers);
    assert_eq!(said.unwrap(), "Rain…");
}
