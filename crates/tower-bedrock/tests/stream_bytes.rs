//! Streams out of bytes: however they are cut into chunks, damaged or lost.

mod common;

use aws_sdk_bedrockruntime::types::ConverseStreamOutput as Event;
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
use bytes::Bytes;
use common::{simulator, stream_prompt};
use futures_util::FutureExt;
use http_body::{Body, Frame};
use proptest::prelude::*;
use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};
use tower::ServiceExt;
use tower_bedrock::{Bedrock, Error, ErrorKind, EventStream, Request};

fn frame(headers: &[(&'static str, &'static str)], payload: &str) -> Vec<u8> {
    let headers = headers
        .iter()
        .map(|(name, value)| Header::new(*name, HeaderValue::String((*value).into())));
    let message = Message::new_from_parts(headers.collect(), payload.to_owned().into_bytes());
    let mut bytes = vec![];
    write_message_to(&message, &mut bytes).expect("a buffer takes all");
    bytes
}

fn event(kind: &'static str, payload: &str) -> Vec<u8> {
    let of_event = [(":message-type", "event"), (":event-type", kind)];
    frame(&of_event, payload)
}

/// The frames of a small answer, and the place of the one that ends the message.
fn frames() -> (Vec<Vec<u8>>, usize) {
    let mut frames = vec![event("messageStart", r#"{"role":"assistant"}"#)];
    for text in ["one ", "two ", "three"] {
        let delta = format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}}}}"#);
        frames.push(event("contentBlockDelta", &delta));
    }
    frames.push(event("contentBlockStop", r#"{"contentBlockIndex":0}"#));
    frames.push(event("messageStop", r#"{"stopReason":"end_turn"}"#));
    let usage =
        r#"{"usage":{"inputTokens":3,"outputTokens":4,"totalTokens":7},"metrics":{"latencyMs":5}}"#;
    frames.push(event("metadata", usage));
    (frames, 5)
}

/// All there is of it. Nothing has to be waited for.
fn read(mut stream: EventStream<Event>) -> (Vec<Event>, Option<Error>) {
    let mut events = vec![];
    loop {
        match stream.recv().now_or_never().expect("all of it is there") {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None),
            Err(error) => return (events, Some(error)),
        }
    }
}

fn whole() -> Vec<Event> {
    let (events, error) = read(EventStream::from_bytes(frames().0.concat()));
    assert!(error.is_none());
    events
}

#[test]
fn recorded_bytes_make_the_stream_that_they_are_of() {
    let (frames, stop) = frames();
    let events = whole();
    assert_eq!(events.len(), frames.len());
    assert!(events[stop].is_message_stop() && events[stop + 1].is_metadata());
}

proptest! {
    #[test]
    fn a_stream_is_whole_only_if_its_last_event_was_read(cut in 0..1_000_usize) {
        let (frames, stop) = frames();
        let bytes = frames.concat();
        let cut = cut * bytes.len() / 1_000;
        let (events, error) = read(EventStream::from_bytes(bytes[..cut].to_vec()));
        let all = whole();
        prop_assert_eq!(&events[..], &all[..events.len()]);
        prop_assert_eq!(error.is_none(), events.len() > stop);
        if let Some(error) = error {
            let has_begun = !events.is_empty();
            let kind = if has_begun { ErrorKind::Truncated } else { ErrorKind::Transient };
            prop_assert_eq!(error.kind(), kind);
            let delivered = has_begun.then_some(events.len() as u64);
            prop_assert_eq!(error.events_delivered(), delivered);
        }
    }

    #[test]
    fn damage_is_never_taken_for_an_event(at in 0..1_000_usize, bit in 0..8_u32) {
        let (frames, stop) = frames();
        let mut bytes = frames.concat();
        let at = at * bytes.len() / 1_000;
        bytes[at] ^= 1 << bit;
        let (events, error) = read(EventStream::from_bytes(bytes));
        let all = whole();
        prop_assert_eq!(&events[..], &all[..events.len()]);
        prop_assert!(events.len() < all.len());
        prop_assert_eq!(error.is_none(), events.len() > stop);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (events, error) = read(EventStream::from_bytes(bytes));
        prop_assert!(events.is_empty() && error.is_some());
    }

    #[test]
    fn chunks_may_be_cut_anywhere_and_come_late(cuts in prop::collection::vec((1..60_usize, any::<bool>()), 1..100)) {
        let mut rest = Bytes::from(frames().0.concat());
        let mut steps = VecDeque::new();
        for (length, late) in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            steps.push_back(Step::Chunk(rest.split_to(length.min(rest.len()))));
            if late {
                steps.push_back(Step::Wait);
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let events = runtime.block_on(async {
            let wire = SharedHttpClient::new(Wire(steps));
            let bedrock = Bedrock::new(simulator().sdk_config().http_client(wire));
            let call = bedrock.oneshot(Request::new(stream_prompt("hello")));
            let mut stream = call.await.unwrap();
            let mut events = vec![];
            while let Some(event) = stream.recv().await.unwrap() {
                events.push(event);
            }
            events
        });
        prop_assert_eq!(events, whole());
    }
}

#[test]
fn an_exception_tells_its_name_also_where_the_sdk_does_not_know_it() {
    let exception = [
        (":message-type", "exception"),
        (":exception-type", "modelTimeoutException"),
    ];
    let unmodeled = [
        (":message-type", "error"),
        (":error-code", "InternalFailure"),
        (":error-message", "said so"),
    ];
    let payload = r#"{"message":"said so"}"#;
    for (last, code, kind) in [
        (
            frame(&exception, payload),
            "ModelTimeoutException",
            ErrorKind::Timeout,
        ),
        (
            frame(&unmodeled, ""),
            "InternalFailure",
            ErrorKind::Transient,
        ),
    ] {
        let bytes = [frames().0[0].clone(), last].concat();
        let (events, error) = read(EventStream::from_bytes(bytes));
        let error = error.expect("it is there");
        assert_eq!((events.len(), error.kind()), (1, kind));
        assert_eq!(
            (error.code(), error.message()),
            (Some(code), Some("said so"))
        );
    }
}

#[test]
fn events_that_the_sdk_does_not_know_are_no_beginning() {
    let news = event("newEvent", "{}");
    let (events, error) = read(EventStream::from_bytes(news.clone()));
    assert_eq!(events.len(), 1);
    assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Transient));
    let all = [&[news], &frames().0[..]].concat().concat();
    let (events, error) = read(EventStream::from_bytes(all));
    assert_eq!(events[1..], whole()[..]);
    assert!(error.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_call_answers_once_an_event_is_there_that_the_sdk_knows() {
    let exception = [
        (":message-type", "exception"),
        (":exception-type", "throttlingException"),
    ];
    let throttle = frame(&exception, r#"{"message":"said so"}"#);
    for (begin, kind) in [
        ("newEvent", ErrorKind::Throttled),
        ("messageStart", ErrorKind::Other),
    ] {
        let begin = event(begin, r#"{"role":"assistant"}"#);
        let steps = [
            Step::Chunk(begin.into()),
            Step::Wait,
            Step::Chunk(throttle.clone().into()),
        ];
        let wire = SharedHttpClient::new(Wire(steps.into()));
        let bedrock = Bedrock::new(simulator().sdk_config().http_client(wire));
        let call = bedrock.oneshot(Request::new(stream_prompt("hello"))).await;
        let of_call = call.err().map_or(ErrorKind::Other, |error| error.kind());
        assert_eq!(of_call, kind);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Chunk(Bytes),
    Wait,
}

/// Answers every call with these steps.
#[derive(Debug, Clone)]
struct Wire(VecDeque<Step>);

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
        let body = SdkBody::from_body_1_x(Steps(self.0.clone()));
        let response = HttpResponse::try_from(http::Response::new(body));
        HttpConnectorFuture::ready(Ok(response.expect("the SDK takes it")))
    }
}

struct Steps(VecDeque<Step>);

impl Body for Steps {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.pop_front() {
            Some(Step::Chunk(bytes)) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Some(Step::Wait) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            None => Poll::Ready(None),
        }
    }
}
