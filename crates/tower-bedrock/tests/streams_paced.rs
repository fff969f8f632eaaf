//! What streams cost of the quota: the ledger's account beside the simulator's own.

mod common;

use aws_sdk_bedrockruntime::types::ConverseStreamOutput as Event;
use bedrock_sim::{Fault, Model, ModelUsage, Simulator, StreamException};
use common::{MODEL, bedrock, simulator, stream_prompt};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    CacheUse, Error, ErrorKind, EventStream, Request, Stack, StackLayer,
    monitor::Monitor,
    policy::{ModelQuota, Quotas},
};

const SECOND: Duration = Duration::from_secs(1);
const KEY: &str = "us-east-1/us.anthropic.claude-sonnet-4-5-20250929-v1:0";
/// What a call reserves of [`stream_prompt`]: its input as estimated, and `max_tokens`.
const MAX_TOKENS: u64 = 200;

struct Paced {
    sim: Simulator,
    stack: Stack,
    quota: tower_quota::Handle<Arc<str>>,
    monitor: Monitor,
}

impl Paced {
    fn new(sim: Simulator) -> Self {
        let quota = ModelQuota::new().tokens_per_minute(2_000_000);
        let layer = StackLayer::new("us-east-1").quotas(Quotas::new().model(MODEL, quota));
        Self {
            quota: layer.handle().quota(),
            monitor: layer.handle().monitor(),
            stack: layer.layer(bedrock(&sim)),
            sim,
        }
    }

    async fn ask(&self, text: &str) -> Result<EventStream<Event>, Error> {
        let request = Request::new(stream_prompt(text)).cache(CacheUse::Bypass);
        self.stack.clone().oneshot(request).await
    }

    fn ours(&self) -> tower_quota::Snapshot {
        self.quota.snapshot(&KEY.into()).expect("the key was used")
    }

    fn theirs(&self) -> ModelUsage {
        let usage = self.sim.usage();
        usage.model(MODEL).expect("the model is served").clone()
    }
}

fn sim() -> Simulator {
    Simulator::new().model(Model::new(MODEL).tokens_per_minute(2_000_000))
}

async fn read(stream: &mut EventStream<Event>) -> Result<u64, Error> {
    let mut count = 0;
    while stream.recv().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

#[tokio::test(start_paused = true)]
async fn a_stream_settles_with_its_usage_when_it_ends_and_not_before() {
    let paced = Paced::new(sim());
    for n in 1..=10_u64 {
        let mut stream = paced.ask(&format!("prompt {n}")).await.unwrap();
        assert_eq!(paced.ours().pending_calls, 1);
        read(&mut stream).await.unwrap();
        let (ours, theirs) = (paced.ours(), paced.theirs());
        assert_eq!((ours.total_used, ours.pending_calls), (theirs.settled, 0));
        let counted = paced.monitor.snapshot(KEY).unwrap();
        assert_eq!((counted.calls, counted.answers, counted.streams), (n, n, n));
        assert_eq!(counted.charged_tokens, theirs.settled);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_dropped_at_any_event_counts_as_reserved_and_holds_nothing() {
    let events = {
        let mut stream = Paced::new(sim()).ask("hello").await.unwrap();
        read(&mut stream).await.unwrap()
    };
    let paced = Paced::new(sim());
    for at in 0..events {
        let before = paced.ours_or_zero();
        let mut stream = paced.ask("hello").await.unwrap();
        for _ in 0..at {
            assert!(stream.recv().await.unwrap().is_some());
        }
        let reserved = paced.ours().pending_tokens;
        assert!(reserved > MAX_TOKENS);
        drop(stream);
        let ours = paced.ours();
        assert_eq!(
            (ours.pending_calls, ours.total_used),
            (0, before + reserved)
        );
    }
}

impl Paced {
    fn ours_or_zero(&self) -> u64 {
        let snapshot = self.quota.snapshot(&KEY.into());
        snapshot.map_or(0, |snapshot| snapshot.total_used)
    }
}

#[tokio::test]
async fn a_stream_dropped_on_a_thread_without_a_runtime_gives_its_place_back() {
    let paced = Paced::new(simulator());
    let mut stream = paced.ask("hello").await.unwrap();
    stream.recv().await.unwrap();
    let thread = std::thread::spawn(move || drop(stream));
    thread.join().unwrap();
    assert_eq!(paced.ours().pending_calls, 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_off_counts_as_reserved() {
    for fault in [
        Fault::stream_cut(),
        Fault::stream_cut_in_frame(),
        Fault::stream_corrupt(),
        Fault::connection_reset(),
        Fault::stream_exception(StreamException::ServiceUnavailable),
        Fault::stream_exception(StreamException::ModelStreamError),
    ] {
        let paced = Paced::new(sim());
        paced.sim.script([fault.at(3)]);
        let mut stream = paced.ask("hello").await.unwrap();
        let reserved = paced.ours().pending_tokens;
        let error = read(&mut stream).await.unwrap_err();
        assert_eq!(error.events_delivered(), Some(3));
        let ours = paced.ours();
        assert_eq!((ours.pending_calls, ours.total_used), (0, reserved));
        let counted = paced.monitor.snapshot(KEY).unwrap();
        assert_eq!(counted.charged_tokens, reserved);
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttle_before_the_first_event_is_retried_as_any_other() {
    let paced = Paced::new(sim());
    let throttle = Fault::stream_exception(StreamException::Throttling).at(0);
    paced.sim.script([throttle.times(3)]);
    let mut stream = paced.ask("hello").await.unwrap();
    assert_eq!(stream.meta().attempts(), 4);
    read(&mut stream).await.unwrap();
    assert_eq!((paced.ours().throttled, paced.ours().pending_calls), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_throttle_in_a_stream_ends_it_and_slows_the_model_down() {
    let paced = Paced::new(sim());
    let throttle = Fault::stream_exception(StreamException::Throttling).at(2);
    paced.sim.script([Fault::internal_server(), throttle]);
    let mut stream = paced.ask("hello").await.unwrap();
    let error = read(&mut stream).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.attempts(), Some(2));
    assert!(error.retry_after().is_some());
    let ours = paced.ours();
    assert_eq!(
        (ours.throttled, ours.pending_calls, ours.total_used),
        (1, 0, 0)
    );
    // The bucket is not taken to hold a second of the quota any more: the next call waits its turn, and so
    // small ones go at the rate from then on, no longer all at once.
    let burst = ours.limits[0].burst_at_least;
    assert!(burst < 2_000_000 / 60 / 10, "{burst} tokens");
    let begun = Instant::now();
    paced.ask("hello again").await.unwrap();
    assert!(begun.elapsed() > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn breaks_before_the_first_event_get_one_more_attempt() {
    for fault in [Fault::stream_cut(), Fault::stream_corrupt()] {
        let paced = Paced::new(sim());
        paced.sim.script([fault.clone().at(0)]);
        let stream = paced.ask("hello").await.unwrap();
        assert_eq!(stream.meta().attempts(), 2);
        drop(stream);
        paced.sim.script([fault.at(0).times(2)]);
        let error = paced.ask("hello").await.unwrap_err();
        assert_eq!(error.attempts(), Some(2));
        assert_eq!(paced.ours().pending_calls, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_can_be_read_to_its_end_in_the_background() {
    for (time, settles) in [(600 * SECOND, true), (3 * SECOND, false)] {
        let sim = sim();
        let layer = StackLayer::new("us-east-1");
        let quota = layer.handle().quota();
        let stack = layer.layer(bedrock(&sim).with_dropped_streams_read(time));
        sim.script([Fault::slow_body(SECOND)]);
        let call = stack.oneshot(Request::new(stream_prompt("hello")));
        let mut stream = call.await.unwrap();
        stream.recv().await.unwrap();
        drop(stream);
        let pending = || quota.snapshot(&KEY.into()).unwrap();
        assert_eq!(pending().pending_calls, 1);
        let reserved = pending().pending_tokens;
        sleep(1_000 * SECOND).await;
        let ours = pending();
        let used = if settles {
            sim.usage().model(MODEL).unwrap().settled
        } else {
            reserved
        };
        assert_eq!((ours.pending_calls, ours.total_used), (0, used));
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_in_the_background_while_somebody_reads_along() {
    let sim = sim();
    let layer = StackLayer::new("us-east-1");
    let quota = layer.handle().quota();
    let stack = layer.layer(bedrock(&sim).with_dropped_streams_read(600 * SECOND));
    let ask = || stack.clone().oneshot(Request::new(stream_prompt("hello")));
    let (first, second) = (ask().await.unwrap(), ask().await.unwrap());
    let pending = || quota.snapshot(&KEY.into()).unwrap().pending_calls;
    drop(first);
    sleep(SECOND).await;
    assert_eq!(pending(), 1);
    drop(second);
    sleep(SECOND).await;
    assert_eq!(pending(), 0);
    let used = quota.snapshot(&KEY.into()).unwrap().total_used;
    assert_eq!(used, sim.usage().model(MODEL).unwrap().settled);
}

#[tokio::test(start_paused = true)]
async fn the_monitor_times_events() {
    let paced = Paced::new(sim());
    paced.sim.script([Fault::slow_body(SECOND)]);
    let started = Instant::now();
    let mut stream = paced.ask("hello").await.unwrap();
    assert_eq!(started.elapsed(), SECOND);
    read(&mut stream).await.unwrap();
    let counted = paced.monitor.snapshot(KEY).unwrap();
    assert_eq!(counted.first_event, Some(SECOND));
    assert_eq!(counted.between_events, Some(SECOND));
}
