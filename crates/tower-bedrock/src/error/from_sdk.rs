//! Reads the SDK's error: code first, then status, then where on the way it failed.

use super::{
    Error, ErrorKind,
    chain::{chain, texts},
    codes,
    credentials::kind_of_credentials,
    error::Repr,
    reach::never_connected,
    retry_after::retry_after,
};
use aws_sdk_bedrockruntime::error::{ErrorMetadata, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::{error::Error as StdError, sync::Arc};

impl Error {
    pub(crate) fn from_sdk<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let answer = error.raw_response();
        let status = answer.map(|answer| answer.status().as_u16());
        let message = match &error {
            SdkError::ServiceError(_) => message(&error).map(Into::into),
            // The source's text may quote the body that could not be read, and an answer is not for
            // the log.
            SdkError::ResponseError(_) => Some("the answer could not be read".into()),
            _ => Some(texts(&error).into()),
        };
        let repr = Repr {
            kind: kind(&error, status),
            operation: Some(operation),
            code: error.code().map(Into::into),
            message,
            status,
            request_id: answer
                .and_then(|answer| answer.headers().get("x-amzn-requestid"))
                .map(Into::into),
            retry_after: answer.and_then(|answer| retry_after(answer.headers())),
            wait_suggested: false,
            attempts: None,
            delivered: None,
            source: Some(Arc::new(error)),
        };
        Self {
            repr: Arc::new(repr),
        }
    }
}

fn kind<E>(error: &SdkError<E, HttpResponse>, status: Option<u16>) -> ErrorKind
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error {
        SdkError::ServiceError(_) => {
            codes::kind_of_answer(error.code(), message(error), status.unwrap_or_default())
        }
        SdkError::TimeoutError(_) => ErrorKind::Timeout,
        // Bedrock answered, and the answer broke off or made no sense: the next one may be whole.
        SdkError::ResponseError(_) => ErrorKind::Transient,
        // A connection that was not made cost nothing, however long it took.
        SdkError::DispatchFailure(failure) if failure.is_timeout() && never_connected(error) => {
            ErrorKind::Transient
        }
        SdkError::DispatchFailure(failure) if failure.is_timeout() => ErrorKind::Timeout,
        // Connections that fail or break. The SDK marks what a new attempt may mend as IO, or with a
        // kind of its own.
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.as_other().is_some() => {
            ErrorKind::Transient
        }
        // What is left was never sent.
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => {
            kind_of_credentials(error).unwrap_or(ErrorKind::Invalid)
        }
        _ => ErrorKind::Other,
    }
}

/// The SDK keeps the message of an answer without a code in the error's source alone.
fn message<E>(error: &SdkError<E, HttpResponse>) -> Option<&str>
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    error.message().or_else(|| {
        chain(error)
            .find_map(|cause| cause.downcast_ref::<ErrorMetadata>())
            .and_then(ErrorMetadata::message)
    })
}
