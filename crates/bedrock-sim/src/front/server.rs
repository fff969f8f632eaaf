use std::{io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    response::Response,
    routing::{get, post},
    serve::Listener as _,
};
use bytes::{Bytes, BytesMut};
use http::{StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::{net::ToSocketAddrs, sync::oneshot, task::JoinHandle, time::timeout};

use super::connection::{ResetSwitch, ResettableListener};
use crate::call::{IncomingCall, LONGEST_BODY, Reply, ReplyBody};
use crate::fault::Script;
use crate::simulator::Simulator;

/// How long a shutdown waits for the calls in flight.
const GRACE: Duration = Duration::from_secs(5);

/// A simulator that listens for HTTP. It stops when it is dropped.
///
/// It answers the runtime API's operations to any request with an `Authorization` header,
/// whatever is in it, and has controls of its own that need none: `GET /_sim/usage`,
/// `POST /_sim/reset`, and `POST /_sim/script` with a [`Script`] as JSON.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

impl Simulator {
    /// Listens on an address; port 0 picks a free one. A simulator may be served more than once.
    ///
    /// There is no real authorization: listen on loopback unless everyone may call it.
    ///
    /// # Errors
    ///
    /// If the address cannot be bound.
    pub async fn serve(&self, address: impl ToSocketAddrs) -> io::Result<Server> {
        let listener = ResettableListener::bind(address).await?;
        let address = listener.local_addr()?;
        let routes = Router::new()
            .route("/_sim/usage", get(usage))
            .route("/_sim/reset", post(reset))
            .route("/_sim/script", post(script))
            .fallback(bedrock)
            .with_state(self.clone())
            .into_make_service_with_connect_info::<ResetSwitch>();
        let (stop, stopped) = oneshot::channel();
        let serve = axum::serve(listener, routes)
            .with_graceful_shutdown(async move { drop(stopped.await) });
        Ok(Server {
            address,
            stop: Some(stop),
            task: tokio::spawn(serve.into_future()),
        })
    }
}

impl Server {
    /// The endpoint to configure in an SDK, `http://` and the address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, and waits up to 5 seconds for the calls in flight.
    pub async fn shutdown(mut self) {
        drop(self.stop.take());
        // What is still open after that hangs by design; it goes down with the runtime.
        let _ = timeout(GRACE, &mut self.task).await;
        self.task.abort();
    }
}

async fn usage(State(simulator): State<Simulator>) -> Response {
    let usage = serde_json::to_value(simulator.usage()).unwrap_or_default();
    json(StatusCode::OK, &usage)
}

async fn reset(State(simulator): State<Simulator>) -> Response {
    simulator.reset();
    json(StatusCode::OK, &json!({"ok": true}))
}

async fn script(State(simulator): State<Simulator>, body: Bytes) -> Response {
    match Script::from_json(&body) {
        Ok(script) => {
            let entries = script.entries.len();
            simulator.load(script);
            json(StatusCode::OK, &json!({"ok": true, "faults": entries}))
        }
        Err(error) => {
            let message = json!({"message": error.to_string()});
            json(StatusCode::BAD_REQUEST, &message)
        }
    }
}

fn json(status: StatusCode, body: &Value) -> Response {
    respond(Reply::json(status, body), ResetSwitch::default())
}

async fn bedrock(
    State(simulator): State<Simulator>,
    ConnectInfo(connection): ConnectInfo<ResetSwitch>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    // Presigned URLs carry the signature in the query.
    let presigned = head
        .uri
        .query()
        .is_some_and(|query| query.contains("X-Amz-Signature="));
    let Ok(body) = read(body).await else {
        // The caller is gone before it said what it wanted.
        connection.pull();
        return Response::default();
    };
    let incoming = IncomingCall {
        authorized: presigned || head.headers.contains_key(header::AUTHORIZATION),
        path: head.uri.path().to_owned(),
        method: head.method,
        headers: head.headers,
        body,
    };
    match simulator.handle(incoming).await {
        Ok(reply) => respond(reply, connection),
        Err(_) => {
            // A response has to be returned, but once this is pulled no byte of it goes out.
            connection.pull();
            Response::default()
        }
    }
}

/// Reads a body, and of one that is too long no more than shows it; the rest is still taken in, so
/// that the caller gets to read the answer.
async fn read(mut body: Body) -> Result<Bytes, axum::Error> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            let room = LONGEST_BODY + 1 - bytes.len();
            bytes.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
    Ok(bytes.freeze())
}

fn respond(reply: Reply, connection: ResetSwitch) -> Response {
    reply.into_response(|body| match body {
        ReplyBody::Full(bytes) => Body::from(bytes),
        ReplyBody::Playback(playback) => Body::new((*playback).map_err(move |error| {
            connection.pull();
            error
        })),
    })
}
