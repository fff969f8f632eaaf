//! Streams through the whole stack, over HTTP and from many threads.

use aws_sdk_bedrockruntime::{
    operation::converse_stream::ConverseStreamInput, types::ConverseStreamOutput as Event,
};
use bedrock_sim::{Fault, Model, Server, Simulator, StreamException};
use end_to_end::{MODEL, prompt};
use futures_util::future::join_all;
use std::{num::NonZeroU32, sync::Arc};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, CacheUse, Error, ErrorKind, EventStream, Request, Stack, StackLayer,
    policy::{ModelQuota, Quotas},
};
use tower_quota::{Handle, Snapshot};

const KEY: &str = "us-east-1/us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// A stack whose client talks to a server over TCP.
struct OverHttp {
    sim: Simulator,
    stack: Stack,
    quota: Handle<Arc<str>>,
    _server: Server,
}

impl OverHttp {
    async fn new() -> Self {
        let sim = Simulator::new().model(Model::new(MODEL).tokens_per_minute(20_000_000));
        let server = sim.serve("127.0.0.1:0").await.expect("a port is free");
        let tcp = aws_smithy_http_client::Builder::new().build_http();
        let config = sim.sdk_config().http_client(tcp).endpoint_url(server.url());
        let quota = ModelQuota::new().tokens_per_minute(20_000_000);
        let layer = StackLayer::new("us-east-1").quotas(Quotas::new().model(MODEL, quota));
        Self {
            quota: layer.handle().quota(),
            stack: layer.layer(Bedrock::new(config)),
            sim,
            _server: server,
        }
    }

    async fn ask(&self) -> Result<EventStream<Event>, Error> {
        // One attempt, to see what it ends with.
        let request = request().max_attempts(NonZeroU32::MIN);
        let call = self.stack.clone().oneshot(request.cache(CacheUse::Bypass));
        call.await
    }

    fn usage(&self) -> Snapshot {
        self.quota.snapshot(&KEY.into()).expect("it was called")
    }
}

fn request() -> Request<ConverseStreamInput> {
    let plain = prompt("hello");
    let input = ConverseStreamInput::builder()
        .set_model_id(plain.model_id)
        .set_messages(plain.messages)
        .set_inference_config(plain.inference_config);
    Request::new(input.build().expect("nothing is required"))
}

async fn read(mut stream: EventStream<Event>) -> (Vec<Event>, Option<Error>) {
    let mut events = vec![];
    loop {
        match stream.recv().await {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return (events, None),
            Err(error) => return (events, Some(error)),
        }
    }
}

#[tokio::test]
async fn over_http_a_stream_ends_as_its_wire_does() {
    let http = OverHttp::new().await;
    let (whole, error) = read(http.ask().await.unwrap()).await;
    assert!(error.is_none());
    let stop = whole.iter().position(Event::is_message_stop).unwrap();
    let throttle = Fault::stream_exception(StreamException::Throttling);
    for (fault, before, after) in [
        (
            Fault::stream_cut(),
            ErrorKind::Transient,
            ErrorKind::Truncated,
        ),
        (
            Fault::stream_cut_in_frame(),
            ErrorKind::Transient,
            ErrorKind::Truncated,
        ),
        (
            Fault::stream_corrupt(),
            ErrorKind::Transient,
            ErrorKind::Truncated,
        ),
        (
            Fault::connection_reset(),
            ErrorKind::Transient,
            ErrorKind::Truncated,
        ),
        (throttle, ErrorKind::Throttled, ErrorKind::Throttled),
    ] {
        for at in [0, 1, stop / 2, stop, stop + 1] {
            http.sim.script([fault.clone().at(at as u64)]);
            let (events, error) = match http.ask().await {
                Ok(stream) => read(stream).await,
                Err(error) => (vec![], Some(error)),
            };
            assert_eq!(events[..], whole[..events.len()]);
            let kind = error.as_ref().map(Error::kind);
            if at > stop {
                assert_eq!(kind, None, "{fault:?} at {at}");
                continue;
            }
            let expected = if at == 0 { before } else { after };
            assert_eq!(kind, Some(expected), "{fault:?} at {at}");
            // A reset may overtake what was sent before it.
            assert!(events.len() <= at, "{fault:?} at {at}");
            let delivered = error.and_then(|error| error.events_delivered());
            assert_eq!(delivered, (at > 0).then_some(events.len() as u64));
        }
    }
    assert_eq!(http.usage().pending_calls, 0);
}

#[tokio::test]
async fn over_http_each_exception_is_of_its_kind_wherever_it_comes() {
    use StreamException::{
        InternalServer, ModelStreamError, ServiceUnavailable, Throttling, Validation,
    };
    let http = OverHttp::new().await;
    let (whole, _) = read(http.ask().await.unwrap()).await;
    let stop = whole.iter().position(Event::is_message_stop).unwrap();
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
        for at in [0, 1, stop] {
            let fault = Fault::stream_exception(exception).message("said so");
            http.sim.script([fault.at(at as u64)]);
            let (events, error) = match http.ask().await {
                Ok(stream) => read(stream).await,
                Err(error) => (vec![], Some(error)),
            };
            assert_eq!(events[..], whole[..at], "{code} at {at}");
            let error = error.expect("it is struck");
            assert_eq!((error.kind(), error.code()), (kind, Some(code)));
            assert_eq!(error.message(), Some("said so"));
            let delivered = (at > 0).then_some(at as u64);
            assert_eq!(error.events_delivered(), delivered, "{code} at {at}");
        }
    }
    assert_eq!(http.usage().pending_calls, 0);
}

#[tokio::test]
async fn over_http_a_reader_may_leave_at_any_event() {
    let http = OverHttp::new().await;
    let (whole, _) = read(http.ask().await.unwrap()).await;
    for at in 0..whole.len() {
        let mut stream = http.ask().await.unwrap();
        for _ in 0..at {
            assert!(stream.recv().await.unwrap().is_some());
        }
        assert_eq!(http.usage().pending_calls, 1);
        drop(stream);
        assert_eq!(http.usage().pending_calls, 0);
    }
    assert_eq!(read(http.ask().await.unwrap()).await.0, whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_on_many_threads_share_one_stream_and_leave_as_they_like() {
    for round in 0..50 {
        let sim = Simulator::new().model(Model::new(MODEL));
        let layer = StackLayer::new("us-east-1");
        let quota = layer.handle().quota();
        let stack = layer.layer(Bedrock::new(sim.sdk_config()));
        let mut first = stack.clone().oneshot(request()).await.unwrap();
        let begun = first.recv().await.unwrap();
        let readers = (0..16).map(|n| {
            let stack = stack.clone();
            tokio::spawn(async move {
                let mut stream = stack.oneshot(request()).await.unwrap();
                // Some leave: each at another event.
                if n % 3 == 0 {
                    for _ in 0..(n + round) % 7 {
                        stream.recv().await.unwrap();
                    }
                    return None;
                }
                let (events, error) = read(stream).await;
                assert!(error.is_none(), "{error:?}");
                Some(events)
            })
        });
        let readers: Vec<_> = readers.collect();
        if round % 2 == 0 {
            drop(first);
        } else {
            tokio::spawn(async move { read(first).await });
        }
        let read = join_all(readers).await;
        let read: Vec<_> = read.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(read.len(), 10);
        assert_eq!(read[0].first(), begun.as_ref());
        assert!(read.iter().all(|events| *events == read[0]));
        let pending = quota.snapshot(&KEY.into()).unwrap().pending_calls;
        assert_eq!(pending, 0, "round {round}");
    }
}
