use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use aws_sdk_bedrockruntime::{
    Client,
    config::{self, retry::RetryConfig},
    error::SdkError,
    operation::converse::{ConverseError, ConverseInput, ConverseOutput},
};
use tower::Service;

use super::{Caller, by_service};

pub(crate) type SdkResult = Result<ConverseOutput, SdkError<ConverseError>>;

/// The SDK's client as a service.
#[derive(Clone, Debug)]
pub(super) struct Sdk(Client);

pub(super) fn once(config: config::Builder) -> Caller {
    by_service(Sdk::new(config))
}

pub(super) fn standard(config: config::Builder) -> Caller {
    by_service(Sdk::new(config.retry_config(RetryConfig::standard())))
}

pub(super) fn adaptive(config: config::Builder) -> Caller {
    by_service(Sdk::new(config.retry_config(RetryConfig::adaptive())))
}

/// Sends a call as an application would.
pub(crate) async fn send(client: Client, input: ConverseInput) -> SdkResult {
    client
        .converse()
        .set_model_id(input.model_id)
        .set_system(input.system)
        .set_messages(input.messages)
        .set_inference_config(input.inference_config)
        .send()
        .await
}

/// Whether the quota, or a fault that may pass, is why a call failed.
pub(super) fn is_transient(error: &SdkError<ConverseError>) -> bool {
    let status = error.raw_response().map(|answer| answer.status().as_u16());
    match error {
        SdkError::ServiceError(_) => matches!(status, Some(408 | 429 | 500..=599)),
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => true,
        _ => false,
    }
}

impl Sdk {
    pub(super) fn new(config: config::Builder) -> Self {
        Self(Client::from_conf(config.build()))
    }
}

impl Service<ConverseInput> for Sdk {
    type Response = ConverseOutput;
    type Error = SdkError<ConverseError>;
    type Future = Pin<Box<dyn Future<Output = SdkResult> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, input: ConverseInput) -> Self::Future {
        Box::pin(send(self.0.clone(), input))
    }
}
