//! A wire that answers the calls of a real client by a script, and keeps what they sent.

use aws_smithy_runtime_api::client::{
    http::{
        HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
    },
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use std::{
    fmt,
    sync::{Arc, Mutex},
};

/// An HTTP request as it arrived.
pub(crate) type Arrived = http::Request<Vec<u8>>;

type Script = dyn Fn(&Arrived, usize) -> http::Response<String> + Send + Sync;

#[derive(Clone)]
#[allow(dead_code, reason = "each test program uses a part of it")]
pub(crate) struct Wire {
    script: Arc<Script>,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    keeps: bool,
}

#[allow(dead_code, reason = "each test program uses a part of it")]
impl Wire {
    /// Asks `script` for each answer, with the number of requests before.
    pub(crate) fn new(
        script: impl Fn(&Arrived, usize) -> http::Response<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            script: Arc::new(script),
            arrived: Arc::default(),
            keeps: true,
        }
    }

    /// One that keeps nothing, and shows its script no bodies.
    pub(crate) fn forgetting(
        script: impl Fn(&Arrived, usize) -> http::Response<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            keeps: false,
            ..Self::new(script)
        }
    }

    pub(crate) fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// What arrived so far.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().expect("no test panics in it").clone()
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = request.try_into_http1x().expect("it is HTTP");
        let request = request.map(|body| match body.bytes() {
            Some(body) if self.keeps => body.to_vec(),
            Some(_) => Vec::new(),
            None => panic!("the body is in memory"),
        });
        let mut arrived = self.arrived.lock().expect("no test panics in it");
        let response = (self.script)(&request, arrived.len()).map(SdkBody::from);
        if self.keeps {
            arrived.push(request);
        }
        let response = HttpResponse::try_from(response).expect("the SDK takes it");
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// A response with a JSON body.
#[allow(dead_code, reason = "each test program uses a part of it")]
pub(crate) fn json(status: u16, body: impl Into<String>) -> http::Response<String> {
    let response = http::Response::builder().status(status);
    let response = response.header("content-type", "application/json");
    response.body(body.into()).expect("the status is valid")
}

/// An answer of Converse.
#[allow(dead_code, reason = "each test program uses a part of it")]
pub(crate) fn answer() -> http::Response<String> {
    json(
        200,
        r#"{"output": {"message": {"role": "assistant", "content": [{"text": "Hello."}]}},
            "stopReason": "end_turn", "metrics": {"latencyMs": 200},
            "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}}"#,
    )
}
