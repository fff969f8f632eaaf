//! Reads what ends a stream before its message does.

use super::{
    Error, ErrorKind, chain::chain, codes::kind_of_answer, error::Repr, sdk_source::SdkSource,
    stalled::Stalled, told::texts,
};
use crate::record::FellBehind;
use aws_sdk_bedrockruntime::error::SdkError;
use aws_smithy_types::{
    event_stream::{Message, RawMessage},
    str_bytes::StrBytes,
};
use serde::Deserialize;
use std::{error::Error as StdError, sync::Arc, time::Duration};

/// The status of the answer that the stream is the body of.
const OK: u16 = 200;

impl Error {
    /// Of what the SDK's receiver says. `has_begun` if an event came before: what was read so far is a
    /// part of an answer then, which another call would not go on with.
    pub(crate) fn from_event<E>(
        operation: &'static str,
        error: SdkError<E, RawMessage>,
        has_begun: bool,
    ) -> Self
    where
        E: StdError + Send + Sync + 'static,
    {
        if chain(&error).any(FellBehind::is) {
            let kind = broken(has_begun);
            let repr = Repr {
                message: Some(FellBehind.to_string().into()),
                source: Some(Arc::new(FellBehind)),
                ..Repr::new(kind)
            };
            return Self::of_stream(kind, operation, repr);
        }
        let told = error.raw_response().and_then(told);
        let (kind, code, message) = match told {
            Some(Told { code, message }) => {
                let kind = kind_of_answer(Some(&code), message.as_deref(), OK);
                (kind, Some(code.into()), message.map(Into::into))
            }
            // The source's text may quote what could not be read, and an answer is not for the log.
            None => {
                let message = match &error {
                    SdkError::DispatchFailure(_) => {
                        format!("the stream broke off: {}", texts(&error))
                    }
                    _ => "the stream broke off inside of an event".to_owned(),
                };
                (broken(has_begun), None, Some(message.into()))
            }
        };
        Self::of_stream(
            kind,
            operation,
            Repr {
                code,
                message,
                source: Some(Arc::new(SdkSource::new(error))),
                ..Repr::new(kind)
            },
        )
    }

    /// Of a stream that ended as if it was whole.
    pub(crate) fn cut(operation: &'static str, has_begun: bool) -> Self {
        let message = if has_begun {
            "the stream ended before its message did"
        } else {
            "the stream ended before its first event"
        };
        let kind = broken(has_begun);
        Self::of_stream(
            kind,
            operation,
            Repr {
                message: Some(message.into()),
                ..Repr::new(kind)
            },
        )
    }

    pub(crate) fn stalled(operation: &'static str, limit: Duration, has_begun: bool) -> Self {
        let stalled = Stalled {
            limit,
            is_first: !has_begun,
        };
        let repr = Repr {
            message: Some(stalled.to_string().into()),
            source: Some(Arc::new(stalled)),
            ..Repr::new(ErrorKind::Timeout)
        };
        Self::of_stream(ErrorKind::Timeout, operation, repr)
    }

    fn of_stream(kind: ErrorKind, operation: &'static str, repr: Repr) -> Self {
        Self {
            repr: Arc::new(Repr {
                kind,
                operation: Some(operation),
                status: Some(OK),
                ..repr
            }),
        }
    }
}

/// Before the first event it is one failed attempt among others.
fn broken(has_begun: bool) -> ErrorKind {
    if has_begun {
        ErrorKind::Truncated
    } else {
        ErrorKind::Transient
    }
}

/// What an exception frame says.
struct Told {
    code: String,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(alias = "Message")]
    message: Option<String>,
}

/// The frame names its exception also where the SDK does not know it, and there alone: the SDK's error
/// of a stream has no code.
fn told(raw: &RawMessage) -> Option<Told> {
    let RawMessage::Decoded(frame) = raw else {
        return None;
    };
    let name = header(frame, ":exception-type").or_else(|| header(frame, ":error-code"))?;
    let mut letters = name.chars();
    // "throttlingException", where everywhere else it is "ThrottlingException".
    let code = letters.next()?.to_ascii_uppercase().to_string() + letters.as_str();
    let payload = serde_json::from_slice::<Payload>(frame.payload());
    let message = payload.ok().and_then(|payload| payload.message);
    let message = message.or_else(|| header(frame, ":error-message").map(Into::into));
    Some(Told { code, message })
}

fn header<'a>(frame: &'a Message, name: &str) -> Option<&'a str> {
    let mut headers = frame.headers().iter();
    let found = headers.find(|header| header.name().as_str() == name)?;
    found.value().as_string().ok().map(StrBytes::as_str)
}
