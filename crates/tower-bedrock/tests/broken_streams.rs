//! What ends a stream before its message does: from the call before the first event, from the stream
//! after it.

mod common;

use aws_sdk_bedrockruntime::{
    error::SdkError,
    operation::invoke_model_with_response_stream::InvokeModelWithResponseStreamInput,
    primitives::Blob,
    types::{ConverseStreamOutput as Event, error::ConverseStreamOutputError},
};
use aws_smithy_types::event_stream::RawMessage;
use bedrock_sim::{Fault, Latency, Simulator, StreamException};
use common::{MODEL, bedrock, simulator, stream_prompt};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::Instant;
use tower::ServiceExt;
use tower_bedrock::{Bedrock, Error, ErrorKind, EventStream, Request, StreamLimits};

const SECOND: Duration = Duration::from_secs(1);

/// The events of a whole answer, in order.
async fn whole() -> Vec<Event> {
    let call = bedrock(&simulator()).oneshot(Request::new(stream_prompt("hello")));
    let (events, error) = read(call.await.expect("the simulator answers")).await;
    assert!(error.is_none());
    events
}

async fn read(mut stream: EventStream<Event>) -> (Vec<Event>, Option<Error>) {
    let mut events = vec![];
    loop {
        match stream.recv().await {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None),
            Err(error) => {
                assert!(matches!(stream.recv().await, Ok(None)), "it is over");
                return (events, Some(error));
            }
        }
    }
}

/// Calls once with the fault, and reads to the end.
async fn struck_by(fault: Fault) -> (Vec<Event>, Option<Error>) {
    let sim = simulator();
    sim.script([fault]);
    let bedrock = bedrock(&sim).with_stream_limits(
        StreamLimits::new()
            .first_event(Some(SECOND))
            .next_event(Some(2 * SECOND)),
    );
    match bedrock.oneshot(Request::new(stream_prompt("hello"))).await {
        Ok(stream) => read(stream).await,
        Err(error) => (vec![], Some(error)),
    }
}

fn position(events: &[Event], is: impl Fn(&Event) -> bool) -> u64 {
    let found = events.iter().position(is);
    found.expect("there is one") as u64
}

#[tokio::test(start_paused = true)]
async fn an_exception_is_of_its_kind_wherever_it_comes() {
    use StreamException::{
        InternalServer, ModelStreamError, ServiceUnavailable, Throttling, Validation,
    };
    let events = whole().await;
    let last = position(&events, Event::is_message_stop);
    for (exception, code, kind) in [
        (
            InternalServer,
            "InternalServerException",
            ErrorKind::Transient,
        ),
        (
            ModelStreamError,
            "ModelStreamErrorException",
            ErrorKind::Transient,
        ),
        (
            ServiceUnavailable,
            "ServiceUnavailableException",
            ErrorKind::Capacity,
        ),
        (Throttling, "ThrottlingException", ErrorKind::Throttled),
        (Validation, "ValidationException", ErrorKind::Invalid),
    ] {
        for at in [0, 1, last] {
            let fault = Fault::stream_exception(exception).message("said so").at(at);
            let (read, error) = struck_by(fault).await;
            let error = error.expect("it is struck");
            assert_eq!(error.kind(), kind, "{code} at {at}");
            assert_eq!(error.code(), Some(code));
            assert_eq!(error.message(), Some("said so"));
            assert_eq!(error.operation(), Some("ConverseStream"));
            let head = format!("ConverseStream of {MODEL} in us-east-1: {code}: said so");
            assert!(error.to_string().starts_with(&head), "{error}");
            assert_eq!(error.status(), Some(200));
            assert!(error.request_id().is_some());
            assert_eq!(error.model_id(), Some(MODEL));
            assert_eq!(error.region(), Some("us-east-1"));
            assert_eq!(error.events_delivered(), (at > 0).then_some(at));
            assert_eq!(read.len() as u64, at);
            assert_eq!(read[..], events[..read.len()]);
            type Source = SdkError<ConverseStreamOutputError, RawMessage>;
            assert!(error.sdk_error::<Source>().is_some());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_chunks_of_invoke_model_break_off_in_the_same_ways() {
    let call = bedrock(&simulator()).oneshot(Request::new(chunks()));
    let whole = call.await.unwrap().count().await as u64;
    let exceptions = [
        (StreamException::InternalServer, ErrorKind::Transient),
        (StreamException::ModelStreamError, ErrorKind::Transient),
        (StreamException::ModelTimeout, ErrorKind::Timeout),
        (StreamException::ServiceUnavailable, ErrorKind::Capacity),
        (StreamException::Throttling, ErrorKind::Throttled),
        (StreamException::Validation, ErrorKind::Invalid),
    ];
    let exceptions = exceptions.into_iter().flat_map(|(exception, kind)| {
        [0, 1, whole - 1].map(|at| (Fault::stream_exception(exception), at, kind))
    });
    for (fault, at, kind) in exceptions.chain([
        (Fault::stream_cut(), 0, ErrorKind::Transient),
        (Fault::stream_cut(), 2, ErrorKind::Truncated),
        // Between the reason to stop and the end.
        (Fault::stream_cut(), whole - 1, ErrorKind::Truncated),
    ]) {
        let sim = simulator();
        sim.script([fault.at(at)]);
        let error = match bedrock(&sim).oneshot(Request::new(chunks())).await {
            Err(error) => error,
            Ok(mut stream) => loop {
                match stream.recv().await {
                    Ok(event) => assert!(event.is_some(), "it is struck"),
                    Err(error) => break error,
                }
            },
        };
        assert_eq!(error.kind(), kind, "at {at}");
        assert_eq!(error.events_delivered(), (at > 0).then_some(at));
        assert_eq!(error.operation(), Some("InvokeModelWithResponseStream"));
    }
}

fn chunks() -> InvokeModelWithResponseStreamInput {
    let body = r#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":64,
        "messages":[{"role":"user","content":"hello"}]}"#;
    InvokeModelWithResponseStreamInput::builder()
        .model_id(MODEL)
        .body(Blob::new(body))
        .build()
        .expect("nothing is required")
}

#[tokio::test(start_paused = true)]
async fn a_break_before_the_first_event_is_one_of_the_call() {
    for fault in [
        Fault::stream_cut(),
        Fault::stream_cut_in_frame(),
        Fault::stream_corrupt(),
        Fault::connection_reset(),
    ] {
        let (read, error) = struck_by(fault.at(0)).await;
        let error = error.expect("it is struck");
        assert_eq!((error.kind(), read.len()), (ErrorKind::Transient, 0));
        assert_eq!(error.events_delivered(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_break_before_the_end_of_the_message_truncates_it_and_one_after_it_does_not() {
    let events = whole().await;
    let stop = position(&events, Event::is_message_stop);
    for fault in [
        Fault::stream_cut(),
        Fault::stream_cut_in_frame(),
        Fault::stream_corrupt(),
        Fault::connection_reset(),
    ] {
        for at in 1..events.len() as u64 {
            let (read, error) = struck_by(fault.clone().at(at)).await;
            assert_eq!(read.len() as u64, at, "{fault:?}");
            assert_eq!(read[..], events[..read.len()]);
            if at > stop {
                assert!(error.is_none(), "{fault:?} at {at}: {error:?}");
                continue;
            }
            let error = error.expect("it is struck");
            assert_eq!(error.kind(), ErrorKind::Truncated, "{fault:?} at {at}");
            assert_eq!(error.events_delivered(), Some(at));
            let text: usize = read.iter().map(text_bytes).sum();
            assert_eq!(error.text_delivered(), Some(text as u64));
        }
    }
}

fn text_bytes(event: &Event) -> usize {
    let delta = event.as_content_block_delta().ok();
    let delta = delta.and_then(|event| event.delta.as_ref());
    let text = delta.and_then(|delta| delta.as_text().ok());
    text.map_or(0, String::len)
}

#[tokio::test(start_paused = true)]
async fn a_stall_ends_at_its_limit_with_the_count_of_events() {
    let events = whole().await;
    let stop = position(&events, Event::is_message_stop);
    for at in 0..events.len() as u64 {
        let started = Instant::now();
        let (read, error) = struck_by(Fault::hang().at(at)).await;
        assert_eq!(read.len() as u64, at);
        let limit = if at == 0 { SECOND } else { 2 * SECOND };
        assert_eq!(
            started.elapsed().as_millis() / 10,
            limit.as_millis() / 10,
            "{at}"
        );
        if at > stop {
            assert!(error.is_none(), "{error:?}");
            continue;
        }
        let error = error.expect("it is struck");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(error.events_delivered(), (at > 0).then_some(at));
    }
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_whole_message_is_waited_for_ten_seconds() {
    let events = whole().await;
    let sim = simulator();
    sim.script([Fault::hang().at(events.len() as u64 - 1)]);
    let never = StreamLimits::new().first_event(None).next_event(None);
    let bedrock = bedrock(&sim).with_stream_limits(never);
    let call = bedrock.oneshot(Request::new(stream_prompt("hello")));
    let started = Instant::now();
    let (read, error) = read(call.await.unwrap()).await;
    assert_eq!(read.len(), events.len() - 1);
    assert!(error.is_none(), "{error:?}");
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn limits_count_the_time_in_which_the_reader_waits() {
    let sim = slow(SECOND);
    let bedrock = limited(&sim, Some(3 * SECOND));
    let call = bedrock.oneshot(Request::new(stream_prompt("hello")));
    let mut stream = call.await.unwrap();
    let mut count = 0;
    while stream.recv().await.unwrap().is_some() {
        count += 1;
        // The reader is slower than the limit, and the model is not.
        tokio::time::sleep(5 * SECOND).await;
    }
    assert_eq!(count, whole().await.len());
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_switched_off_never_passes() {
    const YEAR: Duration = Duration::from_secs(31_536_000);
    let sim = slow(YEAR / 2);
    let bedrock = limited(&sim, None);
    let call = bedrock.oneshot(Request::new(stream_prompt("hello")));
    let (_, error) = read(call.await.unwrap()).await;
    assert!(error.is_none(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_at_the_first_event_unless_the_whole_stream_is_meant() {
    let sim = slow(SECOND);
    let request = || Request::new(stream_prompt("hello")).timeout(3 * SECOND);
    let call = bedrock(&sim).oneshot(request());
    assert!(read(call.await.unwrap()).await.1.is_none());

    let sim = slow(SECOND);
    let started = Instant::now();
    let call = bedrock(&sim).oneshot(request().whole_stream());
    let (read, error) = read(call.await.unwrap()).await;
    let error = error.expect("it takes longer");
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    assert_eq!(error.events_delivered(), Some(read.len() as u64));
    assert_eq!(started.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_before_the_first_event_ends_the_call() {
    let sim = Simulator::new().latency(Latency::new(10 * SECOND, SECOND));
    let request = Request::new(stream_prompt("hello")).timeout(SECOND);
    let error = bedrock(&sim).oneshot(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
}

/// A Bedrock that takes a pause before each event.
fn slow(pause: Duration) -> Simulator {
    let sim = simulator();
    sim.script([Fault::slow_body(pause)]);
    sim
}

fn limited(sim: &Simulator, limit: Option<Duration>) -> Bedrock {
    let limits = StreamLimits::new().first_event(limit).next_event(limit);
    bedrock(sim).with_stream_limits(limits)
}
