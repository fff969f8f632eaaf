//! A stream is made as it is read: how long it is costs no memory, and keeps nobody waiting.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fronts;

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};

use bedrock_sim::{ScriptedAnswer, Simulator};
use fronts::{CLAUDE, converse_stream, max_tokens, user};
use tokio::runtime::Builder;

const STREAMS: u64 = 2_000;
const TOKENS: u64 = 64_000;
/// For all of them, with what the SDK's client keeps of each.
const MOST_BYTES: u64 = 20_000_000;

#[test]
fn two_thousand_long_streams_at_once_take_less_than_20_megabytes() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let simulator = Simulator::new().answers(|_| Some(ScriptedAnswer::new().output_tokens(TOKENS)));
    let client = simulator.sdk_client();
    let heap = allocation_counter::measure(|| {
        runtime.block_on(async {
            let mut streams = Vec::new();
            for _ in 0..STREAMS {
                let request = client.converse_stream().model_id(CLAUDE);
                let request = request.inference_config(max_tokens(64_000));
                let output = request.messages(user("hello")).send().await.unwrap();
                streams.push(output.stream);
            }
            for _ in 0..5 {
                for stream in &mut streams {
                    assert!(stream.recv().await.unwrap().is_some());
                }
            }
            // What was read is charged, and no more.
            drop(streams);
        });
    });
    let usage = simulator.usage();
    let usage = usage.model(CLAUDE).unwrap();
    assert_eq!(usage.in_flight, 0);
    assert_eq!(usage.output_tokens, STREAMS * 4 * 4);
    assert!(heap.bytes_max < MOST_BYTES, "{} bytes", heap.bytes_max);
}

/// Waits until all who wait for the thread have had it once. Not tokio's own `yield_now`, which is
/// more polite than that.
async fn turn() {
    let mut is_over = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut is_over, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn others_have_their_turns_however_fast_a_reader_is() {
    let simulator = Simulator::new().answers(|_| Some(ScriptedAnswer::new().output_tokens(TOKENS)));
    let mut stream = converse_stream(&simulator.sdk_client(), "hello").await;
    let read = Arc::new(AtomicUsize::new(0));
    let reader = tokio::spawn({
        let read = Arc::clone(&read);
        async move {
            while stream.recv().await.unwrap().is_some() {
                read.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let other = tokio::spawn(async move {
        for turns in 1..1_000 {
            turn().await;
            assert!(read.load(Ordering::Relaxed) <= turns);
        }
        assert!(read.load(Ordering::Relaxed) > 0);
    });
    other.await.unwrap();
    reader.abort();
}

#[test]
fn a_stream_is_as_small_at_its_end_as_at_its_start() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    let simulator = Simulator::new().answers(|_| Some(ScriptedAnswer::new().output_tokens(TOKENS)));
    let client = simulator.sdk_client();
    let read_whole = || {
        runtime.block_on(async {
            let request = client.converse_stream().model_id(CLAUDE);
            let request = request.inference_config(max_tokens(64_000));
            let output = request.messages(user("hello")).send().await.unwrap();
            let mut stream = output.stream;
            let mut events = 0_u64;
            while stream.recv().await.unwrap().is_some() {
                events += 1;
            }
            // One for four tokens; four more begin and end the message.
            assert_eq!(events, TOKENS / 4 + 4);
        });
    };
    // The first call fills the client's caches.
    read_whole();
    let heap = allocation_counter::measure(read_whole);
    assert!(heap.bytes_max < 200_000, "{} bytes", heap.bytes_max);
}
