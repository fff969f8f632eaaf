//! The app on a port of its own, before a simulated Bedrock, with a client as any caller has.

#![allow(dead_code, reason = "each test program uses a part of it")]

use axum_chat::App;
use bedrock_sim::Simulator;
use eventsource_stream::Eventsource;
use examples::Target;
use futures_util::{Stream, StreamExt};
use reqwest::{Client, RequestBuilder, Response, header::ACCEPT};
use serde_json::{Value, json};
use std::{io, pin::Pin, time::Duration};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tower_bedrock::{Bedrock, StackLayer, aws_sdk_bedrockruntime::config, stack::Handle};

pub(crate) const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
pub(crate) const NOVA: &str = "us.amazon.nova-lite-v1:0";

pub(crate) struct Running {
    pub(crate) url: String,
    pub(crate) handle: Handle,
    pub(crate) client: Client,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
    _bedrock: Target,
}

/// Serves both models.
pub(crate) async fn start(simulator: &Simulator) -> Running {
    start_with(simulator, |stack| stack).await
}

pub(crate) async fn start_with(
    simulator: &Simulator,
    knobs: impl FnOnce(StackLayer) -> StackLayer,
) -> Running {
    let target = Target::simulated(simulator).await.expect("a port is free");
    let stack = knobs(StackLayer::new(target.region()));
    let app = App::new(
        &stack,
        Bedrock::new(config::Builder::from(target.config())),
        &[CLAUDE.to_owned(), NOVA.to_owned()],
        Duration::from_secs(30),
    );
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(axum_chat::serve(listener, app, async move {
        let _ = stopped.await;
    }));
    Running {
        url,
        handle: stack.handle(),
        client: Client::new(),
        stop,
        server,
        _bedrock: target,
    }
}

impl Running {
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    pub(crate) fn post(&self, body: &Value) -> RequestBuilder {
        self.client.post(format!("{}/chat", self.url)).json(body)
    }

    pub(crate) fn ask(&self, prompt: &str) -> RequestBuilder {
        self.post(&json!({ "prompt": prompt }))
    }

    pub(crate) fn ask_for_events(&self, prompt: &str) -> RequestBuilder {
        self.ask(prompt).header(ACCEPT, "text/event-stream")
    }

    /// Reads `/status` until it is so.
    pub(crate) async fn until(&self, is_so: impl Fn(&Value) -> bool) {
        let look = async {
            loop {
                let status = self.get("/status").send().await.expect("it answers");
                if is_so(&status.json().await.expect("it is JSON")) {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        let limit = tokio::time::timeout(Duration::from_secs(60), look).await;
        limit.expect("the status becomes so");
    }

    pub(crate) fn stop(self) -> JoinHandle<io::Result<()>> {
        let _ = self.stop.send(());
        self.server
    }
}

/// The name of an event, and its data.
pub(crate) type Event = (String, Value);

pub(crate) fn events(response: Response) -> Pin<Box<dyn Stream<Item = Event> + Send>> {
    let events = response.bytes_stream().eventsource();
    Box::pin(events.map(|event| {
        let event = event.expect("it is an event");
        let data = serde_json::from_str(&event.data).expect("its data is JSON");
        (event.event, data)
    }))
}

pub(crate) async fn all_events(response: Response) -> Vec<Event> {
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    events(response).collect().await
}

/// The end of the problem's type, once the rest of it is as it should be.
pub(crate) async fn problem(response: Response) -> (u16, String, Value) {
    let status = response.status().as_u16();
    let kind = &response.headers()["content-type"];
    assert_eq!(kind, "application/problem+json");
    let body: Value = response.json().await.expect("it is JSON");
    assert_eq!(body["status"], status);
    let name = body["type"].as_str().and_then(|uri| uri.rsplit('#').next());
    let name = name.expect("it has a type").to_owned();
    (status, name, body)
}
