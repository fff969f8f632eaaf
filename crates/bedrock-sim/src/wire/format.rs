use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

use super::{
    converse::{self, echo::Echo},
    event_stream,
    family::Family,
    headers::InvokeHeaders,
    part::Timing,
};
use crate::model::{Answer, EventKind, StreamEvent};

/// How an answer is written, with what it repeats of its request.
pub(crate) enum Format {
    Converse(Echo),
    Invoke(Family, InvokeHeaders),
}

impl Format {
    /// The body of a plain answer.
    pub(crate) fn body(&self, answer: &Answer, timing: Timing) -> Value {
        match self {
            Self::Converse(echo) => converse::answer::body(answer, echo, timing),
            Self::Invoke(family, headers) => {
                let mut body = family.body(answer);
                headers.report(answer, &mut body);
                body
            }
        }
    }

    /// The frame of one event of a streamed answer; some formats skip some events.
    pub(crate) fn frame(
        &self,
        answer: &Answer,
        event: &StreamEvent<'_>,
        timing: Timing,
    ) -> Option<Bytes> {
        match self {
            Self::Converse(echo) => {
                let (kind, payload) = converse::answer::event(answer, echo, event, timing)?;
                Some(event_stream::event(kind, &payload))
            }
            Self::Invoke(family, headers) => {
                let mut payload = family.event(answer, event, timing)?;
                if matches!(event.kind, EventKind::End) {
                    headers.report(answer, &mut payload);
                }
                Some(event_stream::chunk(&payload))
            }
        }
    }

    /// The frame of an event that a script sets.
    pub(crate) fn scripted_frame(&self, event: &Value) -> Bytes {
        match self {
            Self::Converse(_) => match event.as_object().and_then(|event| event.iter().next()) {
                Some((name, payload)) => event_stream::event(name.clone(), payload),
                // No event has no name: it is for the reader to stumble over.
                None => event_stream::event("", event),
            },
            Self::Invoke(..) => event_stream::chunk(event),
        }
    }

    /// Adds the headers that an answer of this format has of its own.
    pub(crate) fn add_headers(&self, headers: &mut HeaderMap) {
        if let Self::Invoke(_, asked) = self {
            asked.echo(headers);
        }
    }
}
