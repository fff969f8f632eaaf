//! What long streams cost the calls beside them: a measurement, to be read and not to pass.
//!
//! ```text
//! cargo test --release -p bedrock-sim --test beside_streams -- --ignored --nocapture
//! ```
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fronts;

use std::time::Duration;

use aws_sdk_bedrockruntime::Client;
use bedrock_sim::{ScriptedAnswer, Simulator};
use fronts::{CLAUDE, both, max_tokens, user};
use tokio::{
    task::{JoinHandle, yield_now},
    time::{Instant, sleep},
};

/// Taken in turns, so that whatever else the machine does weighs on both sides.
const SLICE: Duration = Duration::from_secs(1);
const SLICES: u32 = 5;
const CALLERS: usize = 8;
const STREAMS: usize = 4;

/// How fast a stream is read.
#[derive(Clone, Copy, Debug)]
enum Reader {
    /// An event each 10 ms: 400 tokens a second, more than models write.
    Brisk,
    /// As fast as the machine allows.
    Greedy,
}

/// Reads long streams one after the other, for ever.
fn read_streams(client: Client, reader: Reader) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let request = client.converse_stream().model_id(CLAUDE);
            let request = request
                .messages(user("long"))
                .inference_config(max_tokens(64_000));
            let mut stream = request.send().await.unwrap().stream;
            while stream.recv().await.unwrap().is_some() {
                if let Reader::Brisk = reader {
                    sleep(Duration::from_millis(10)).await;
                }
            }
        }
    })
}

/// Plain calls within a slice of time, by callers that share the thread as tasks do.
async fn calls(client: &Client) -> u32 {
    let until = Instant::now() + SLICE;
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut calls = 0_u32;
                while Instant::now() < until {
                    let request = client.converse().model_id(CLAUDE);
                    request.messages(user("short")).send().await.unwrap();
                    calls += 1;
                    yield_now().await;
                }
                calls
            })
        })
        .collect();
    let mut calls = 0;
    for caller in callers {
        calls += caller.await.unwrap();
    }
    calls
}

#[tokio::test]
#[ignore = "a measurement"]
async fn calls_beside_long_streams() {
    let simulator = Simulator::new().answers(|said| {
        said.starts_with("long")
            .then(|| ScriptedAnswer::new().output_tokens(64_000))
    });
    let (clients, _server) = both(&simulator).await;
    for (front, client) in ["in process", "over HTTP"].into_iter().zip(clients) {
        calls(&client).await;
        for reader in [Reader::Brisk, Reader::Greedy] {
            let (mut alone, mut beside) = (0, 0);
            for _ in 0..SLICES {
                alone += calls(&client).await;
                let streams: Vec<_> = (0..STREAMS)
                    .map(|_| read_streams(client.clone(), reader))
                    .collect();
                beside += calls(&client).await;
                streams.iter().for_each(JoinHandle::abort);
            }
            let a_second = |calls| f64::from(calls) / (SLICE * SLICES).as_secs_f64();
            let [alone, beside] = [alone, beside].map(a_second);
            println!(
                "{front}: {alone:.0} calls a second; {beside:.0} beside {STREAMS} streams with a \
                 {reader:?} reader each, {:.1} %",
                100.0 * beside / alone
            );
        }
    }
}
