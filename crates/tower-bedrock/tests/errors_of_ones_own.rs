//! Errors and responses that a mock or another layer makes.

use std::{error::Error as _, io, num::NonZeroU32, time::Duration};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_bedrock::{CacheStatus, Error, ErrorKind, Request, Response, StackLayer, Usage};

use aws_sdk_bedrockruntime::{
    error::BuildError,
    operation::count_tokens::{CountTokensInput, CountTokensOutput},
    types::Message,
};

fn input() -> CountTokensInput {
    CountTokensInput::builder()
        .model_id("m")
        .build()
        .expect("nothing is required")
}

#[test]
fn an_error_comes_back_out_of_a_box_as_it_was() {
    let boxed: BoxError = Error::new(ErrorKind::Exhausted, "enough").into();
    assert_eq!(Error::from_boxed(boxed).kind(), ErrorKind::Exhausted);
    // From wherever it is in the chain.
    let wrapped: BoxError = Error::new(ErrorKind::Other, "of a layer in between")
        .with_source(Error::new(ErrorKind::Exhausted, "enough"))
        .into();
    let wrapped: BoxError = Wraps(wrapped).into();
    assert_eq!(
        Error::from_boxed(wrapped).to_string(),
        "of a layer in between; the last failure: enough"
    );
    let other: BoxError = io::Error::other("a disk is full").into();
    let other = Error::from_boxed(other);
    assert_eq!(other.kind(), ErrorKind::Other);
    assert_eq!(other.to_string(), "a disk is full");
    assert!(other.source().unwrap().is::<io::Error>());
}

#[derive(Debug)]
struct Wraps(BoxError);

impl std::fmt::Display for Wraps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("wrapped")
    }
}

impl std::error::Error for Wraps {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

/// The stack around a layer that boxes its errors, as a task, whatever the service is.
async fn spawned<S>(service: S) -> Result<Response<CountTokensOutput>, Error>
where
    S: Service<Request<CountTokensInput>, Response = Response<CountTokensOutput>, Error = Error>,
    S: Send + 'static,
    S::Future: Send,
{
    let task = tokio::spawn(async move {
        let stack = ServiceBuilder::new()
            .layer(StackLayer::new("us-east-1"))
            .map_err(Error::from_boxed)
            .buffer(8)
            .service(service);
        stack.oneshot(Request::new(input())).await
    });
    task.await.expect("it does not panic")
}

#[tokio::test(start_paused = true)]
async fn a_stack_over_boxed_errors_can_be_spawned() {
    let service = service_fn(|_: Request<CountTokensInput>| async {
        Err::<Response<CountTokensOutput>, _>(Error::new(ErrorKind::AccessDenied, "not you"))
    });
    let error = spawned(service).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(error.to_string(), "CountTokens of m in us-east-1: not you");
}

#[test]
fn an_input_that_cannot_be_built_is_invalid() {
    let built = Message::builder().build();
    let error = Error::from(built.unwrap_err());
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().starts_with("role was missing"), "{error}");
    assert!(error.source().unwrap().is::<BuildError>());
}

#[test]
fn a_status_is_one_of_http() {
    let error = Error::new(ErrorKind::Capacity, "");
    assert_eq!(error.http_status(), None);
    let status = |status| error.clone().with_status(status).http_status();
    assert_eq!(status(503), Some(http::StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(status(0), None);
}

#[test]
fn a_mock_can_make_what_the_real_one_would() {
    let twice = NonZeroU32::new(2).unwrap();
    let error = Error::new(ErrorKind::Throttled, "slow down")
        .with_code("ThrottlingException")
        .with_status(429)
        .with_request_id("r-1")
        .with_retry_after(Duration::from_secs(3))
        .with_attempts(2);
    let line = "429 ThrottlingException: slow down (request id r-1); 2 attempts";
    assert_eq!(error.to_string(), line);
    let rejected = Error::new(ErrorKind::QuotaRejected, "set a lower one").with_attempts(2);
    assert_eq!(rejected.to_string(), "set a lower one; 2 attempts");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));

    let response = Response::new(())
        .with_usage(Usage::default())
        .with_saved(Usage::new(7, 5))
        .with_attempts(twice)
        .with_cache(CacheStatus::Hit);
    assert_eq!(
        (response.meta().attempts(), response.meta().cache()),
        (2, Some(CacheStatus::Hit))
    );
    assert_eq!(
        response.meta().saved().map(|usage| usage.total_tokens()),
        Some(12)
    );
}

#[tokio::test(start_paused = true)]
async fn the_stack_takes_a_layer_that_boxes_errors() {
    let service = service_fn(|_: Request<CountTokensInput>| async {
        let output = CountTokensOutput::builder().input_tokens(7).build();
        Ok::<_, Error>(Response::new(
            output.expect("all that is required is given"),
        ))
    });
    let buffered = ServiceBuilder::new()
        .map_err(Error::from)
        .buffer(8)
        .service(service);
    let stack = StackLayer::new("us-east-1").layer(buffered);
    let response = stack.oneshot(Request::new(input())).await.unwrap();
    assert_eq!(response.input_tokens, 7);
}

#[tokio::test(start_paused = true)]
async fn the_stack_calls_nothing_past_the_deadline() {
    let service = service_fn(|_: Request<CountTokensInput>| {
        std::future::ready(Err::<Response<CountTokensOutput>, _>(Error::new(
            ErrorKind::Invalid,
            "it was called",
        )))
    });
    let stack = StackLayer::new("us-east-1").layer(service);
    let late = Request::new(input()).timeout(Duration::ZERO);
    let error = stack.oneshot(late).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_built_stack_can_be_looked_into() {
    let layer = StackLayer::new("us-east-1");
    let service = service_fn(|_: Request<CountTokensInput>| async {
        Err::<Response<CountTokensOutput>, _>(Error::new(ErrorKind::Exhausted, "for today"))
    });
    let stack = layer.layer(service);
    assert!(stack.oneshot(Request::new(input())).await.is_err());
    let keys = layer.handle().circuits().keys();
    assert_eq!(
        keys.iter().map(|key| &**key).collect::<Vec<_>>(),
        ["us-east-1/m/CountTokens"]
    );
    assert_eq!(layer.handle().backoff().snapshot().attempts, 1);
    assert_eq!(layer.handle().cache().snapshot().misses, 1);
}
