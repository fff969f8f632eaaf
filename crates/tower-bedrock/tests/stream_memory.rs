//! What streams take of the heap while they are read, many at a time.

mod common;

use aws_sdk_bedrockruntime::{Client, config::Builder, types::ConverseStreamOutput as Event};
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{
    body::SdkBody,
    event_stream::{Header, HeaderValue, Message},
};

use bedrock_sim::ScriptedAnswer;
use bytes::Bytes;
use common::{simulator, stream_prompt};
use http_body::{Body, Frame};
use std::{
    convert::Infallible,
    pin::Pin,
    sync::mpsc,
    task::{Context, Poll},
    thread,
};
use tokio::{runtime::Runtime, sync::oneshot};
use tower::{Layer, Service, ServiceExt};
use tower_bedrock::{Bedrock, CacheUse, Error, EventStream, Request, StackLayer};

const EVENTS: usize = 200;

/// A body of [`EVENTS`] events. Each chunk has memory of its own, and is waited for.
#[derive(Debug, Clone, Default)]
struct Chunks {
    sent: usize,
    has_waited: bool,
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.sent == EVENTS {
            return Poll::Ready(None);
        }
        self.has_waited = !self.has_waited;
        if self.has_waited {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.sent += 1;
        let (event, payload) = if self.sent == 1 {
            ("messageStart", r#"{"role":"assistant"}"#)
        } else if self.sent < EVENTS {
            (
                "contentBlockDelta",
                r#"{"contentBlockIndex":0,"delta":{"text":" jumps over the"}}"#,
            )
        } else {
            ("messageStop", r#"{"stopReason":"end_turn"}"#)
        };
        Poll::Ready(Some(Ok(Frame::data(frame(event, payload)))))
    }
}

fn frame(event: &'static str, payload: &'static str) -> Bytes {
    let mut message = Message::new(payload.as_bytes());
    for (name, value) in [
        (":event-type", event),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ] {
        message = message.add_header(Header::new(name, HeaderValue::String(value.into())));
    }
    let mut frame = Vec::new();
    write_message_to(&message, &mut frame).expect("the headers are short");
    frame.into()
}

#[derive(Debug, Clone)]
struct Wire;

impl HttpClient for Wire {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Wire {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let body = SdkBody::from_body_1_x(Chunks::default());
        let response = HttpResponse::new(200.try_into().expect("it is a status"), body);
        HttpConnectorFuture::ready(Ok(response))
    }
}

/// A client whose answers come without a connection.
fn in_process() -> Builder {
    let wire = SharedHttpClient::new(Wire);
    simulator().sdk_config().http_client(wire)
}

/// A simulator on a thread of its own, whose memory is not counted here, and a client of it.
struct OverHttp {
    config: Builder,
    _stop: oneshot::Sender<()>,
}

impl OverHttp {
    fn new() -> Self {
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            runtime().block_on(async {
                let text = "It jumps over the lazy dog. ".repeat(EVENTS);
                let answer = ScriptedAnswer::new().text(text);
                let sim = simulator().answers(move |_| Some(answer.clone()));
                let server = sim.serve("127.0.0.1:0").await.expect("a port is free");
                let config = sim.sdk_config().endpoint_url(server.url());
                tell.send(config).expect("it is waited for");
                let _ = stopped.await;
            });
        });
        let config = told.recv().expect("the server starts");
        Self {
            config,
            _stop: stop,
        }
    }

    /// A client without connections yet.
    fn client(&self) -> Builder {
        let tcp = aws_smithy_http_client::Builder::new().build_http();
        self.config.clone().http_client(tcp)
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("it needs no rights")
}

/// The bytes that a stream takes where `count` of them are read in turns and half of each is read.
fn heap_per_stream<S>(
    count: usize,
    open: &impl AsyncFn(usize) -> S,
    next: &impl AsyncFn(&mut S) -> Option<Event>,
) -> u64 {
    let runtime = runtime();
    // What is made once, is made here.
    runtime.block_on(open(count));
    let mut streams = Vec::with_capacity(count);
    let heap = allocation_counter::measure(|| {
        runtime.block_on(async {
            for number in 0..count {
                streams.push(open(number).await);
            }
            for _ in 0..EVENTS / 2 {
                for stream in &mut streams {
                    assert!(next(stream).await.is_some());
                }
            }
        });
    });
    runtime.block_on(async {
        for stream in &mut streams {
            while next(stream).await.is_some() {}
        }
    });
    heap.bytes_current.unsigned_abs() / count as u64 + size_of::<S>() as u64
}

/// What a stream of the SDK's client alone takes.
fn alone(count: usize, config: Builder) -> u64 {
    let client = Client::from_conf(config.build());
    let open = async |number: usize| {
        let input = stream_prompt(&number.to_string());
        let call = client
            .converse_stream()
            .set_model_id(input.model_id)
            .set_messages(input.messages)
            .set_inference_config(input.inference_config);
        call.send().await.expect("the wire answers")
    };
    heap_per_stream(count, &open, &async |answer| {
        answer.stream.recv().await.expect("the body is whole")
    })
}

fn ours<S>(count: usize, service: &S, cache: CacheUse) -> u64
where
    S: Clone + Service<Request<Input>, Response = EventStream<Event>, Error = Error>,
{
    let open = async |number: usize| {
        let request = Request::new(stream_prompt(&number.to_string())).cache(cache);
        let call = service.clone().oneshot(request);
        call.await.expect("the wire answers")
    };
    heap_per_stream(count, &open, &async |stream: &mut EventStream<Event>| {
        stream.recv().await.expect("the body is whole")
    })
}

type Input = aws_sdk_bedrockruntime::operation::converse_stream::ConverseStreamInput;

/// The bytes of a stream of the SDK's, of the leaf's and of the stack's.
fn compare(count: usize, config: impl Fn() -> Builder) -> [u64; 3] {
    let alone = alone(count, config());
    let leaf = ours(count, &Bedrock::new(config()), CacheUse::Use);
    let stack = StackLayer::new("us-east-1").layer(Bedrock::new(config()));
    let stack_bytes = ours(count, &stack, CacheUse::Bypass);
    let recorded = ours(count, &stack, CacheUse::Use);
    println!(
        "bytes of a stream: sdk {alone}, leaf {leaf}, stack {stack_bytes}, recorded {recorded}"
    );
    [alone, leaf, stack_bytes]
}

#[test]
fn a_stream_takes_little_more_than_a_kilobyte_over_the_sdks_own() {
    let [alone, leaf, stack] = compare(20, in_process);
    assert!(leaf <= alone + 1280, "{leaf} {alone}");
    // What is watched of its call and of its attempt is in it.
    assert!(stack <= alone + 1664, "{stack} {alone}");
}

/// With the connection that each has.
#[test]
fn over_http_a_stream_takes_at_most_half_as_much_again_as_the_sdks_own() {
    let server = OverHttp::new();
    let [alone, leaf, stack] = compare(20, || server.client());
    assert!(2 * leaf <= 3 * alone, "{leaf} {alone}");
    assert!(2 * stack <= 3 * alone, "{stack} {alone}");
}

#[test]
#[ignore = "takes a minute or more"]
fn so_does_each_of_two_thousand() {
    compare(2000, in_process);
    let server = OverHttp::new();
    compare(2000, || server.client());
}
