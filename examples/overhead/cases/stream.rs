//! What an event of a stream costs beside the SDK's own receiver, on a wire in process.

use std::{
    convert::Infallible,
    hint::black_box,
    pin::Pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use aws_sdk_bedrockruntime::{
    Client,
    operation::converse_stream::{ConverseStreamInput, ConverseStreamOutput},
    types::ConverseStreamOutput as Event,
};
use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::{
    body::SdkBody,
    event_stream::{Header, HeaderValue, Message},
};
use bytes::Bytes;
use http_body::{Body, Frame};
use tower::{Layer, Service, ServiceExt};
use tower_bedrock::{
    Bedrock, Error, EventStream, Request, StackLayer,
    policy::{ModelQuota, Quotas},
};

use super::{
    bedrock::{MODEL, REGION, prompt},
    bedrock_call::{config, runtime},
};
use crate::measure::{Candidate, Implementation};

/// In a whole answer, its start and its end included.
const EVENTS: usize = 200;

/// Reading alone: the calls were made before.
pub(super) fn event() -> Vec<Candidate> {
    let body = Chunks::of(&frames(), false);
    vec![ours(Bedrock::new(config(body.clone()))), sdk(body)]
}

/// As [`event`], where each event is waited for.
pub(super) fn event_waited() -> Vec<Candidate> {
    let body = Chunks::of(&frames(), true);
    vec![ours(Bedrock::new(config(body.clone()))), sdk(body)]
}

/// As [`event`], under all layers.
pub(super) fn event_of_the_stack() -> Vec<Candidate> {
    let body = Chunks::of(&frames(), false);
    let quota = ModelQuota::new().tokens_per_minute(u64::MAX >> 20);
    let stack = StackLayer::new(REGION).quotas(Quotas::new().model(MODEL, quota));
    vec![
        ours(stack.layer(Bedrock::new(config(body.clone())))),
        sdk(body),
    ]
}

/// Events of recorded bytes, against the SDK's receiver of the same frames as they came.
pub(super) fn replay() -> Vec<Candidate> {
    let frames = frames();
    let recorded = Bytes::from(frames.concat());
    let runtime = Rc::new(runtime());
    let replayed = move |bytes: Bytes| {
        let stream = EventStream::<Event>::from_bytes(bytes);
        runtime.block_on(read(stream));
    };
    let make = move || recorded.clone();
    vec![
        each(Candidate::given(Implementation::Ours, make, replayed)),
        sdk(Chunks::of(&frames, false)),
    ]
}

fn ours<S>(service: S) -> Candidate
where
    S: Service<Request<ConverseStreamInput>, Response = EventStream<Event>, Error = Error>
        + Clone
        + 'static,
{
    let runtime = Rc::new(runtime());
    let opened = {
        let runtime = Rc::clone(&runtime);
        move || {
            let call = service.clone().oneshot(Request::new(input()));
            runtime.block_on(call).expect("the wire answers")
        }
    };
    let read = move |stream| runtime.block_on(read(stream));
    each(Candidate::given(Implementation::Ours, opened, read))
}

fn sdk(body: Chunks) -> Candidate {
    let (runtime, client) = (Rc::new(runtime()), Client::from_conf(config(body).build()));
    let opened = {
        let runtime = Rc::clone(&runtime);
        move || {
            let input = input();
            let call = client
                .converse_stream()
                .set_model_id(input.model_id)
                .set_messages(input.messages)
                .set_inference_config(input.inference_config);
            runtime.block_on(async {
                let mut answer = call.send().await.expect("the wire answers");
                // Ours answers when the first event is there, so that is not measured here either.
                let first = answer.stream.recv().await.expect("the body is whole");
                (answer, first)
            })
        }
    };
    let read = move |(mut answer, first): (ConverseStreamOutput, _)| {
        runtime.block_on(async {
            let mut events = usize::from(Option::is_some(&black_box(first)));
            while let Some(event) = answer.stream.recv().await.expect("the body is whole") {
                black_box(event);
                events += 1;
            }
            assert_eq!(events, EVENTS);
        });
    };
    each(Candidate::given(Implementation::Sdk, opened, read))
}

async fn read(mut stream: EventStream<Event>) {
    let mut events = 0;
    while let Some(event) = stream.recv().await.expect("the body is whole") {
        black_box(event);
        events += 1;
    }
    assert_eq!(events, EVENTS);
}

/// A round is some streams, and what is told is of one event.
fn each(candidate: Candidate) -> Candidate {
    candidate.share(0.005).per(EVENTS as f64)
}

/// Another request each time: nothing is joined, and no answer found in a cache.
fn input() -> ConverseStreamInput {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let prompt = prompt(64);
    ConverseStreamInput::builder()
        .set_model_id(prompt.model_id)
        .set_messages(prompt.messages)
        .set_inference_config(prompt.inference_config)
        .additional_model_response_field_paths(format!("/{number:016}"))
        .build()
        .expect("nothing is required")
}

/// The frames of an answer of [`EVENTS`] events, a few words each.
fn frames() -> Vec<Bytes> {
    let delta = r#"{"contentBlockIndex":0,"delta":{"text":" jumps over the"},"p":"abcdefghij"}"#;
    let mut frames = vec![frame("messageStart", r#"{"role":"assistant","p":"abcd"}"#)];
    frames.extend((0..EVENTS - 4).map(|_| frame("contentBlockDelta", delta)));
    frames.extend([
        frame("contentBlockStop", r#"{"contentBlockIndex":0,"p":"abc"}"#),
        frame("messageStop", r#"{"stopReason":"end_turn","p":"abcdef"}"#),
        frame(
            "metadata",
            r#"{"metrics":{"latencyMs":2000},"usage":
                {"inputTokens":20,"outputTokens":800,"totalTokens":820},"p":"abcdefgh"}"#,
        ),
    ]);
    frames
}

fn frame(event: &str, payload: &'static str) -> Bytes {
    let headers = [
        (":event-type", event),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    let mut message = Message::new(payload.as_bytes());
    for (name, value) in headers {
        let value = HeaderValue::String(value.to_owned().into());
        message = message.add_header(Header::new(name, value));
    }
    let mut frame = Vec::new();
    write_message_to(&message, &mut frame).expect("the headers are short");
    frame.into()
}

/// A body in chunks, of a frame each.
#[derive(Clone)]
struct Chunks {
    chunks: Arc<[Bytes]>,
    next: usize,
    /// Whether each chunk is waited for once.
    waits: bool,
    has_waited: bool,
}

impl Chunks {
    fn of(frames: &[Bytes], waits: bool) -> Self {
        Self {
            chunks: frames.into(),
            next: 0,
            waits,
            has_waited: false,
        }
    }
}

impl From<Chunks> for SdkBody {
    fn from(chunks: Chunks) -> Self {
        Self::from_body_1_x(chunks)
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // Past its end it is asked once more, for trailers.
        let is_over = self.next > self.chunks.len();
        if self.waits && !self.has_waited && !is_over {
            self.has_waited = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.has_waited = false;
        let chunk = self.chunks.get(self.next).cloned();
        self.next += 1;
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}
