use super::script::Script;
use crate::{
    error::ErrorKind,
    record::{Record, Replay},
    response::{Head, Origin, Reply},
    stream::{EventStream, StreamEvent, StreamLimits, StreamTerms},
};
use aws_sdk_bedrockruntime::types::{ConverseStreamOutput, ResponseStream};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use futures_core::{FusedStream, Stream};
use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::runtime;
use tower_response_cache::CacheStatus;

/// What a reader has had of a stream.
#[derive(Debug, PartialEq)]
struct Log<E> {
    events: Vec<E>,
    end: Option<Result<(), ErrorKind>>,
}

/// What the fuzzer itself makes of events, by the plainest rules.
pub(super) trait Judged: StreamEvent {
    /// Whether a stream that ended well with these events may have done so.
    fn may_be_whole(events: &[Self], is_clean: bool) -> bool;
    /// Whether a stream with these events must end well.
    fn must_be_whole(events: &[Self]) -> bool;
    /// Reads such a stream in the ways that only it has.
    fn read_otherwise(make: impl Fn() -> EventStream<Self>, ends_well: bool);
}

pub(super) fn all_ways<E: Judged>(script: &Script) {
    // For its timers: none of them is long enough to go off.
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a timer needs no rights");
    let _context = runtime.enter();
    let whole = || EventStream::<E>::from_bytes(script.bytes.clone());
    let plain = Log::of(whole(), script);
    plain.judge(true);
    let ends_well = plain.end == Some(Ok(()));
    E::read_otherwise(whole, ends_well);

    let body = SdkBody::from_body_1_x(script.body());
    let (record, reader) = Record::new(body, script.bound);
    let response = http::Response::new(SdkBody::from_body_1_x(reader));
    let response = HttpResponse::try_from(response).expect("it has no headers");
    let receiver = E::receiver(response).expect("the status is 200");
    let head = Head {
        record: Some(record.clone()),
        ..Head::default()
    };
    let terms = StreamTerms::new(StreamLimits::new().first_event(None).next_event(None));
    let stream = match ready(EventStream::answered(receiver, head, terms), script) {
        Ok(stream) => stream,
        Err(error) if script.breaks => {
            assert!(error.events_delivered().is_none());
            return;
        }
        Err(error) => {
            assert_eq!(plain.end, Some(Err(error.kind())), "{plain:?}");
            return;
        }
    };
    let shared = stream.shared().expect("nobody reads it yet");
    let joined = (1..script.readers).map(|_| {
        let origin = Origin::default();
        let replay = Replay::default();
        EventStream::from_shared(
            Arc::clone(&shared),
            None,
            origin,
            CacheStatus::Joined,
            replay,
        )
    });
    // One may come too late already: what the first event took may be over the bound.
    let readers: Vec<_> = [Some(stream)].into_iter().chain(joined).flatten().collect();
    drop(shared);
    let logs = read_in_turns(readers, script);
    for log in &logs {
        let may_be_lost = script.bound < script.bytes.len();
        if may_be_lost || script.breaks {
            assert!(plain.events.starts_with(&log.events));
        } else {
            assert_eq!(*log, plain);
        }
        log.judge(!script.breaks);
    }
    if let Some(recording) = record.recording() {
        assert_eq!(*recording.bytes(), script.bytes);
    }
}

impl<E: Judged> Log<E> {
    fn of(stream: EventStream<E>, script: &Script) -> Self {
        let mut logs = read_in_turns(vec![stream], script);
        logs.pop().expect("there is one reader")
    }

    fn judge(&self, is_clean: bool) {
        let ends_well = self.end == Some(Ok(()));
        assert!(
            !ends_well || E::may_be_whole(&self.events, is_clean),
            "{self:?}"
        );
        assert!(ends_well || !E::must_be_whole(&self.events), "{self:?}");
    }
}

/// Polls the readers in an order of the script's until each is at its end.
fn read_in_turns<E: StreamEvent>(mut readers: Vec<EventStream<E>>, script: &Script) -> Vec<Log<E>> {
    let mut logs: Vec<Log<E>> = readers
        .iter()
        .map(|_| Log {
            events: vec![],
            end: None,
        })
        .collect();
    let mut turns = script.turns;
    let mut polls = most_polls(script);
    while logs.iter().any(|log| log.end.is_none()) {
        polls = polls.checked_sub(1).expect("the stream does not hang");
        turns = turns
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let turn = (turns >> 33) as usize % readers.len();
        let (reader, log) = (&mut readers[turn], &mut logs[turn]);
        let next = Pin::new(&mut *reader).poll_next(&mut Context::from_waker(Waker::noop()));
        match next {
            Poll::Pending => {}
            Poll::Ready(next) if log.end.is_some() => assert!(next.is_none()),
            Poll::Ready(Some(Ok(event))) => log.events.push(event),
            Poll::Ready(Some(Err(error))) => {
                let delivered = error.events_delivered();
                assert!(delivered.is_none_or(|count| count == log.events.len() as u64));
                log.end = Some(Err(error.kind()));
            }
            Poll::Ready(None) => log.end = Some(Ok(())),
        }
        assert_eq!(reader.is_terminated(), log.end.is_some());
        assert!(
            log.end != Some(Ok(())) || reader.meta().usage().is_none_or(|_| !log.events.is_empty())
        );
    }
    logs
}

fn ready<F: Future>(future: F, script: &Script) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..most_polls(script) {
        if let Poll::Ready(output) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return output;
        }
    }
    panic!("the stream hangs");
}

/// Each chunk is waited for once by somebody, and each event takes a poll of each; turns are drawn, so
/// that one reader may have to wait for many of the others'.
fn most_polls(script: &Script) -> usize {
    (script.chunks.len() + script.bytes.len() / 16 + 16) * 16 * script.readers
}

impl Judged for ConverseStreamOutput {
    fn may_be_whole(events: &[Self], _: bool) -> bool {
        Self::must_be_whole(events)
    }

    fn must_be_whole(events: &[Self]) -> bool {
        events.iter().any(Self::is_message_stop)
    }

    fn read_otherwise(make: impl Fn() -> EventStream<Self>, ends_well: bool) {
        let mut context = Context::from_waker(Waker::noop());
        // Nothing is waited for in bytes that are there.
        if let Poll::Ready(Ok(_)) = pin!(make().message()).poll(&mut context) {
            assert!(ends_well);
        }
        read_text(make(), ends_well);
    }
}

impl Judged for ResponseStream {
    fn may_be_whole(events: &[Self], is_clean: bool) -> bool {
        // Where nothing is known of how a family's last event looks, a clean end is one.
        let is_last = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            let names = [
                "message_stop",
                "messageStop",
                "message-end",
                "eason",
                "is_finished",
                "Metrics",
                "\\",
            ];
            names.iter().any(|name| text.contains(name))
        };
        let mut chunks = events.iter().filter_map(|event| event.as_chunk().ok());
        (is_clean && !events.is_empty())
            || chunks.any(|chunk| {
                chunk
                    .bytes
                    .as_ref()
                    .is_some_and(|bytes| is_last(bytes.as_ref()))
            })
    }

    fn must_be_whole(events: &[Self]) -> bool {
        let stops = |bytes: &[u8]| {
            bytes.starts_with(br#"{"type":"message_stop""#)
                || bytes.starts_with(br#"{"messageStop":{"stopReason":"end_turn"}}"#)
        };
        let mut chunks = events.iter().filter_map(|event| event.as_chunk().ok());
        chunks.any(|chunk| {
            chunk.bytes.as_ref().is_some_and(|bytes| {
                stops(bytes.as_ref())
                    && serde_json::from_slice::<serde_json::Value>(bytes.as_ref()).is_ok()
            })
        })
    }

    fn read_otherwise(make: impl Fn() -> EventStream<Self>, ends_well: bool) {
        read_text(make(), ends_well);
    }
}

fn read_text<E: StreamEvent>(stream: EventStream<E>, ends_well: bool) {
    let mut text = stream.text();
    let mut length = 0;
    let end = loop {
        match Pin::new(&mut text).poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(Ok(piece))) => length += piece.len() as u64,
            Poll::Ready(Some(Err(error))) => break Err(error),
            Poll::Ready(None) => break Ok(()),
            Poll::Pending => panic!("nothing is waited for in bytes that are there"),
        }
    };
    assert_eq!(end.is_ok(), ends_well);
    if let Err(error) = end {
        assert!(
            error
                .text_delivered()
                .is_none_or(|delivered| delivered == length)
        );
    }
}
