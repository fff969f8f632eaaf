//! What one request changes of the client's configuration.

mod common;
#[path = "common/scripted.rs"]
mod scripted;

use aws_sdk_bedrockruntime::{
    config::{Builder, Region, retry::RetryConfig, timeout::TimeoutConfig},
    operation::converse::ConverseInput,
    types::SystemContentBlock,
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{
            HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
            http_client_fn,
        },
        interceptors::{Intercept, context::BeforeSerializationInterceptorContextMut},
        orchestrator::HttpRequest,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::ConfigBag;
use bedrock_sim::Simulator;
use common::{bedrock, prompt};
use scripted::{Wire, answer, json};
use std::{future::pending, time::Duration};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_bedrock::{Bedrock, CacheStatus, CacheUse, ErrorKind, Request, StackLayer};

/// Adds a system prompt.
#[derive(Debug)]
struct BeKind;

impl Intercept for BeKind {
    fn name(&self) -> &'static str {
        "BeKind"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input_mut().downcast_mut::<ConverseInput>();
        let input = input.ok_or("only Converse is called")?;
        assert_eq!(input.messages().len(), 1, "it sees the whole input");
        let rule = SystemContentBlock::Text("Be kind.".to_owned());
        input.system.get_or_insert_default().push(rule);
        Ok(())
    }
}

fn kindly() -> Request<ConverseInput> {
    Request::new(prompt("hello")).customize(Builder::new().interceptor(BeKind))
}

fn around(wire: &Wire) -> Bedrock {
    Bedrock::new(Simulator::new().sdk_config().http_client(wire.client()))
}

fn is_kind(wire: &Wire, number: usize) -> bool {
    String::from_utf8_lossy(wire.arrived()[number].body()).contains("Be kind.")
}

#[tokio::test(start_paused = true)]
async fn an_interceptor_of_one_request_changes_each_attempt_of_it_and_no_other() {
    let wire = Wire::new(|_, before| match before {
        0 => json(503, r#"{"message": "not now"}"#),
        _ => answer(),
    });
    let stack = StackLayer::new("us-east-1").layer(around(&wire));
    stack
        .clone()
        .oneshot(kindly())
        .await
        .expect("it is answered");
    stack
        .oneshot(prompt("hello").into())
        .await
        .expect("it is answered");
    let kind: Vec<_> = (0..3).map(|number| is_kind(&wire, number)).collect();
    assert_eq!(kind, [true, true, false]);
}

#[tokio::test(start_paused = true)]
async fn a_cache_takes_no_part_unless_it_is_asked_to() {
    let wire = Wire::new(|_, _| answer());
    let stack = StackLayer::new("us-east-1").layer(around(&wire));
    let status = async |request: Request<ConverseInput>| {
        let answer = stack.clone().oneshot(request).await;
        answer.expect("it is answered").meta().cache()
    };
    for _ in 0..2 {
        assert_eq!(status(kindly()).await, Some(CacheStatus::Bypass));
    }
    let asked = || kindly().cache(CacheUse::Use);
    assert_eq!(status(asked()).await, Some(CacheStatus::Miss));
    assert_eq!(status(asked()).await, Some(CacheStatus::Hit));
    assert_eq!(wire.arrived().len(), 3);
}

/// Never answers.
#[derive(Debug)]
struct Silent;

impl HttpConnector for Silent {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(pending())
    }
}

fn silent() -> SharedHttpClient {
    http_client_fn(|_, _| SharedHttpConnector::new(Silent))
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_the_sdks_is_one_requests() {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(20));
    let config = Builder::new().timeout_config(timeouts.build());
    let bedrock = Bedrock::new(Simulator::new().sdk_config().http_client(silent()));
    let start = Instant::now();
    let request = Request::new(prompt("hello")).customize(config);
    let error = bedrock.oneshot(request).await.expect_err("nobody answers");
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(start.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn the_sdks_retries_stay_off() {
    let wire = Wire::new(|_, _| json(503, r#"{"message": "not now"}"#));
    let config = Builder::new().retry_config(RetryConfig::standard());
    let request = Request::new(prompt("hello")).customize(config);
    assert!(around(&wire).oneshot(request).await.is_err());
    assert_eq!(wire.arrived().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_is_not_sent_to_another_region_under_this_ones_quota() {
    let sim = common::simulator();
    let to = |region: &'static str| {
        let config = Builder::new().region(Region::new(region));
        bedrock(&sim).oneshot(Request::new(prompt("hello")).customize(config))
    };
    let error = to("eu-west-1").await.expect_err("it is another Region");
    assert_eq!(
        (error.kind(), error.operation()),
        (ErrorKind::Invalid, Some("Converse"))
    );
    assert!(error.to_string().contains("eu-west-1"), "{error}");
    to("us-east-1").await.expect("it is the client's own");
}

#[test]
fn debug_shows_nothing_of_a_configuration() {
    let request = Request::new(1).customize(Builder::new().endpoint_url("http://secret"));
    let text = format!("{request:?}");
    assert!(!text.contains("secret"), "{text}");
}
