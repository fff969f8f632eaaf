//! A day that is used up.

use aws_sdk_bedrockruntime::types::InferenceConfiguration;
use bedrock_sim::{Model, Simulator};
use end_to_end::{MODEL, prompt};
use redis_test_server::Server;
use std::time::Duration;
use tower_bedrock::{ErrorKind, Request};

use crate::{Process, usage};

/// A call that reserves more than the day has.
fn large() -> aws_sdk_bedrockruntime::operation::converse::ConverseInput {
    let mut input = prompt("write a novel");
    let limits = InferenceConfiguration::builder().max_tokens(8_000);
    input.inference_config = Some(limits.build());
    input
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_one_process_is_told_of_the_day_the_others_know() {
    let server = Server::start();
    let sim = Simulator::new().model(Model::new(MODEL).tokens_per_day(5_000));
    let [one, two, late] = [(); 3].map(|()| Process::at(&server.url(), &sim));
    for (process, text) in [(&one, "a"), (&two, "b")] {
        process.ask(text).await.unwrap();
    }
    let told = one.call(Request::new(large())).await.unwrap_err();
    assert_eq!(told.kind(), ErrorKind::Exhausted);
    assert_eq!(usage(&sim).throttled, 1);
    // One that was there, and one that comes later.
    for process in [&two, &late] {
        let error = process.call(Request::new(large())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exhausted, "{error}");
        // Nothing was sent, nor waited for.
        assert_eq!(error.attempts(), Some(0), "{error}");
        let wait = error.retry_after().unwrap_or_default();
        assert!(wait > Duration::from_secs(60), "{wait:?}");
        assert!(error.to_string().contains(MODEL), "{error}");
        let problem = error.problem();
        assert!(problem.retry_after() >= Some(wait.as_secs()), "{problem:?}");
    }
    assert_eq!(usage(&sim).throttled, 1);
    // What is left does for a smaller call.
    late.ask("c").await.unwrap();
}
