//! What an answer says that is an error, or that the SDK could not read.

use super::{ErrorKind, answerer, chain::chain, codes, told::shortened};
use aws_sdk_bedrockruntime::error::{ErrorMetadata, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde::Deserialize;
use std::error::Error as StdError;

/// Bedrock's codes are shorter; a body may have anything in the place of one.
const LONGEST_CODE: usize = 64;

pub(super) struct Said {
    status: u16,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    /// Whether something on the way answered, and told neither code nor message.
    is_between: bool,
}

impl Said {
    pub(super) fn in_answer<E>(error: &SdkError<E, HttpResponse>, answer: &HttpResponse) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let nested = nested(answer);
        let in_body = error.code().map(str::to_owned).or(nested.code);
        let code = in_body.or_else(|| in_header(answer));
        let message = message(error).map(str::to_owned).or(nested.message);
        let is_between =
            code.is_none() && message.is_none() && !answerer::is_bedrock(answer.headers());
        Self {
            status: answer.status().as_u16(),
            code: code.map(|code| shortened(&code, LONGEST_CODE)),
            message: message.or_else(|| is_between.then(|| answerer::message(answer))),
            is_between,
        }
    }

    pub(super) fn is_success(&self) -> bool {
        self.status < 300
    }

    pub(super) fn kind(&self) -> ErrorKind {
        if self.is_success() {
            // Bedrock answered, and the answer broke off or made no sense: the next one may be whole.
            ErrorKind::Transient
        } else if self.is_between {
            codes::kind_of_answer_between(self.status)
        } else {
            codes::kind_of_answer(self.code.as_deref(), self.message.as_deref(), self.status)
        }
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

/// The code in the header alone, of a body that the SDK could not read: up to a colon, and after a
/// namespace.
fn in_header(answer: &HttpResponse) -> Option<String> {
    let code = answer.headers().get("x-amzn-errortype")?;
    let code = code.split(':').next().unwrap_or_default();
    let code = code.rsplit('#').next().unwrap_or_default().trim();
    (!code.is_empty()).then(|| code.to_owned())
}

#[derive(Deserialize, Default)]
struct Nested {
    #[serde(rename = "type")]
    code: Option<String>,
    message: Option<String>,
}

/// A model's own error that is passed on as it is, such as of status 529. The SDK does not read it.
fn nested(answer: &HttpResponse) -> Nested {
    #[derive(Deserialize)]
    struct Body {
        error: Nested,
    }
    let body = answer.body().bytes().unwrap_or_default();
    let body: Result<Body, _> = serde_json::from_slice(body);
    body.map(|body| body.error).unwrap_or_default()
}
