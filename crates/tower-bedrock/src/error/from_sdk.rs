//! Reads the SDK's error: code first, then status, then where on the way it failed.

use super::{
    Error, ErrorKind, credentials::kind_of_credentials, error::Repr, reach::never_connected,
    retry_after::retry_after, said::Said, sdk_source::SdkSource, told,
};
use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::{error::Error as StdError, sync::Arc};

impl Error {
    pub(crate) fn from_sdk<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let answer = error.raw_response();
        let said = answer.map(|answer| Said::in_answer(&error, answer));
        let mut repr = Repr::new(
            said.as_ref()
                .map_or_else(|| kind_of_call(&error), Said::kind),
        );
        repr.operation = Some(operation);
        repr.message = Some(match &said {
            None => with_advice(told::texts(&error)).into(),
            Some(said) if said.is_success() => UNREADABLE.into(),
            Some(said) => said.message.clone().unwrap_or_default().into(),
        });
        repr.message = repr.message.filter(|message| !message.is_empty());
        if let Some(answer) = answer {
            let headers = answer.headers();
            repr.status = Some(answer.status().as_u16());
            repr.request_id = headers.get("x-amzn-requestid").map(Into::into);
            repr.retry_after = retry_after(headers);
        }
        repr.code = said.and_then(|said| said.code).map(Into::into);
        repr.source = Some(Arc::new(SdkSource::new(error)));
        Self {
            repr: Arc::new(repr),
        }
    }

    /// Of a success that is no answer of the operation's: it is empty, say, or a page for a person.
    pub(crate) fn unreadable(operation: &'static str, request_id: Option<&str>) -> Self {
        let mut repr = Repr::new(ErrorKind::Transient);
        repr.operation = Some(operation);
        repr.message = Some(UNREADABLE.into());
        repr.status = Some(200);
        repr.request_id = request_id.map(Into::into);
        Self {
            repr: Arc::new(repr),
        }
    }
}

// The SDK's own text may quote the body that could not be read, and an answer is not for the log.
const UNREADABLE: &str = "the answer could not be read";

/// The SDK says that there is no Region, and not what to do about it.
fn with_advice(mut text: String) -> String {
    if text.contains("Missing Region") {
        text.push_str(
            "; the client has no Region: set AWS_REGION, or `region(..)` in its configuration",
        );
    }
    text
}

/// The kind of a call that nobody answered.
fn kind_of_call<E>(error: &SdkError<E, HttpResponse>) -> ErrorKind
where
    E: StdError + 'static,
{
    match error {
        SdkError::TimeoutError(_) => ErrorKind::Timeout,
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
