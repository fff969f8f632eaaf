use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::Method;
use http_body::Body;
use http_body_util::BodyExt;
use sync_wrapper::SyncWrapper;
use tokio::time::timeout;

use crate::call::{IncomingCall, Playback, Reply, ReplyBody};
use crate::simulator::Simulator;

impl Simulator {
    /// This simulator as the HTTP client of any SDK client of the runtime API: no socket, and no
    /// credentials needed. It runs under tokio's paused clock.
    ///
    /// Of the SDK's connector settings it keeps the read timeout.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(InProcess {
            simulator: self.clone(),
            read_timeout: None,
        })
    }
}

#[derive(Clone, Debug)]
struct InProcess {
    simulator: Simulator,
    read_timeout: Option<Duration>,
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Self {
            simulator: self.simulator.clone(),
            // There is no connection to wait for; a connect timeout would have nothing to limit.
            read_timeout: settings.read_timeout(),
        })
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (simulator, limit) = (self.simulator.clone(), self.read_timeout);
        HttpConnectorFuture::new(async move {
            let answer = call(simulator, request);
            match limit {
                None => answer.await,
                Some(limit) => timeout(limit, answer)
                    .await
                    .unwrap_or_else(|late| Err(ConnectorError::timeout(late.into()))),
            }
        })
    }
}

async fn call(simulator: Simulator, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(ConnectorError::io)?;
    let incoming = IncomingCall {
        method: Method::from_bytes(head.method.as_str().as_bytes()).unwrap_or_default(),
        path: head.uri.path().to_owned(),
        // Nobody but the program itself can call: there is nothing to prove.
        authorized: true,
        headers: head.headers,
        body: body.to_bytes(),
    };
    match simulator.handle(incoming).await {
        Ok(reply) => respond(reply),
        Err(_) => Err(ConnectorError::io(
            io::Error::from(io::ErrorKind::ConnectionReset).into(),
        )),
    }
}

fn respond(reply: Reply) -> Result<HttpResponse, ConnectorError> {
    let response = reply.into_response(|body| match body {
        ReplyBody::Full(bytes) => SdkBody::from(bytes),
        ReplyBody::Playback(playback) => SdkBody::from_body_1_x(Fused {
            inner: SyncWrapper::new(*playback),
            ended: false,
        }),
    });
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}

/// A body that may be polled past its end, as the SDK does, and is `Sync`, as the SDK asks.
struct Fused {
    inner: SyncWrapper<Playback>,
    ended: bool,
}

impl Body for Fused {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, io::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let frame = ready!(Pin::new(self.inner.get_mut()).poll_frame(cx));
        self.ended = !matches!(frame, Some(Ok(_)));
        Poll::Ready(frame)
    }
}
