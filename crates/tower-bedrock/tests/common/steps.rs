//! A wire that does to each call of a real client what a script says, its last step again and again.

#![allow(dead_code, reason = "each test program uses a part of it")]

use aws_smithy_runtime_api::client::{
    http::{
        HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

type Headers = &'static [(&'static str, &'static str)];
type Body = Arc<dyn Fn(&HttpRequest) -> Vec<u8> + Send + Sync>;
type Failure = Arc<dyn Fn(&HttpRequest) -> ConnectorError + Send + Sync>;

/// What happens to one call.
#[derive(Clone)]
pub(crate) enum Step {
    Answer(u16, Headers, Body),
    /// A success whose body breaks off after this.
    Break(&'static str),
    Fail(Failure),
    Hang,
}

pub(crate) fn answer(status: u16, headers: Headers, body: impl Into<Vec<u8>>) -> Step {
    let body = body.into();
    Step::Answer(status, headers, Arc::new(move |_| body.clone()))
}

/// An answer with the request's body in it, made to fit into a text of JSON.
pub(crate) fn echo(status: u16, headers: Headers, around: [&'static str; 2]) -> Step {
    let body = move |request: &HttpRequest| {
        let sent = request.body().bytes().unwrap_or_default();
        let sent = String::from_utf8_lossy(sent)
            .replace('\\', "")
            .replace('"', "'");
        [around[0], &sent, around[1]].concat().into_bytes()
    };
    Step::Answer(status, headers, Arc::new(body))
}

/// An answer whose message repeats all that is said in the request's body, unquoted.
pub(crate) fn repeat(status: u16, headers: Headers) -> Step {
    fn strings(json: &serde_json::Value, all: &mut Vec<String>) {
        match json {
            serde_json::Value::String(string) => all.push(string.clone()),
            serde_json::Value::Array(values) => values.iter().for_each(|value| strings(value, all)),
            serde_json::Value::Object(members) => {
                members.values().for_each(|value| strings(value, all));
            }
            _ => {}
        }
    }
    let body = move |request: &HttpRequest| {
        let sent = request.body().bytes().unwrap_or_default();
        let mut all = vec![];
        strings(&serde_json::from_slice(sent).unwrap_or_default(), &mut all);
        let message = format!("Invalid input: {}. Correct it.", all.join(" and "));
        serde_json::json!({ "message": message })
            .to_string()
            .into_bytes()
    };
    Step::Answer(status, headers, Arc::new(body))
}

pub(crate) fn fail(
    failure: impl Fn(&HttpRequest) -> ConnectorError + Send + Sync + 'static,
) -> Step {
    Step::Fail(Arc::new(failure))
}

/// The HTTP client, which counts its calls.
#[derive(Clone)]
pub(crate) struct Wire {
    steps: Arc<[Step]>,
    calls: Arc<AtomicUsize>,
}

impl Wire {
    pub(crate) fn new(steps: impl Into<Arc<[Step]>>) -> Self {
        Self {
            steps: steps.into(),
            calls: Arc::default(),
        }
    }

    pub(crate) fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        match &self.steps[call.min(self.steps.len() - 1)] {
            Step::Answer(status, headers, body) => {
                let mut answer = http::Response::builder().status(*status);
                for (name, value) in *headers {
                    answer = answer.header(*name, *value);
                }
                let answer = answer.body(SdkBody::from(body(&request)));
                let answer = answer.expect("status and headers are valid");
                let answer = HttpResponse::try_from(answer).expect("the SDK takes it");
                HttpConnectorFuture::ready(Ok(answer))
            }
            Step::Break(begin) => {
                let reset = io::Error::from(io::ErrorKind::ConnectionReset);
                let frames = [Ok(Frame::data(Bytes::from(*begin))), Err(reset)];
                let body = StreamBody::new(stream::iter(frames).fuse());
                let answer = http::Response::new(SdkBody::from_body_1_x(body));
                HttpConnectorFuture::ready(Ok(answer.try_into().expect("the SDK takes it")))
            }
            Step::Fail(failure) => HttpConnectorFuture::ready(Err(failure(&request))),
            Step::Hang => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}
