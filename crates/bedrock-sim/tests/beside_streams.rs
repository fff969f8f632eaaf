//! What long streams cost the calls beside them: a measurement, to be read and not to pass.
//!
//! ```text
//! cargo test --release -p bedrock-sim --test beside_streams -- --ignored --nocapture
//! ```
//!
//! The server, the readers and the callers have a thread each: with fewer cores than that, greedy readers
//! take a part of the callers' core, and their rows tell of the machine alone.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fronts;

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use aws_sdk_bedrockruntime::Client;
use bedrock_sim::{ScriptedAnswer, Simulator};
use fronts::{CLAUDE, max_tokens, user};
use tokio::{
    runtime::{Builder, Runtime},
    sync::Notify,
    task::yield_now,
    time::{Instant, sleep},
};

/// Taken in turns, so that whatever else the machine does weighs on both sides.
const SLICE: Duration = Duration::from_millis(500);
const SLICES: usize = 15;
const CALLERS: usize = 8;
const STREAMS: usize = 4;

/// How fast a stream is read.
#[derive(Clone, Copy, Debug)]
enum Reader {
    /// An event each 10 ms: 400 tokens a second, more than models write.
    Brisk,
    /// As fast as the machine allows: it takes what share of it the scheduler gives.
    Greedy,
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Serves on a thread of its own, to the end of the program, and tells where.
fn serve(simulator: &Simulator) -> String {
    let simulator = simulator.clone();
    let (told, url) = mpsc::channel();
    thread::spawn(move || {
        runtime().block_on(async {
            let server = simulator.serve("127.0.0.1:0").await.unwrap();
            told.send(server.url()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    url.recv().unwrap()
}

/// A client with connections of its own: in process, or of the server there.
fn client(simulator: &Simulator, url: Option<&str>) -> Client {
    let Some(url) = url else {
        return simulator.sdk_client();
    };
    let tcp = aws_smithy_http_client::Builder::new().build_http();
    let config = simulator.sdk_config().http_client(tcp).endpoint_url(url);
    Client::from_conf(config.build())
}

/// Reads long streams one after the other, for ever.
async fn read_streams(client: Client, reader: Reader) {
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
}

/// Readers on a thread of their own, which end with it.
struct Readers {
    stop: Arc<Notify>,
    thread: thread::JoinHandle<()>,
}

impl Readers {
    fn start(client: &Client, reader: Reader) -> Self {
        let stop = Arc::new(Notify::new());
        let (stopped, client) = (Arc::clone(&stop), client.clone());
        let thread = thread::spawn(move || {
            runtime().block_on(async {
                for _ in 0..STREAMS {
                    tokio::spawn(read_streams(client.clone(), reader));
                }
                stopped.notified().await;
            });
        });
        Self { stop, thread }
    }

    fn stop(self) {
        self.stop.notify_one();
        self.thread.join().unwrap();
    }
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

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

#[tokio::test]
#[ignore = "a measurement"]
async fn calls_beside_long_streams() {
    let simulator = Simulator::new().answers(|said| {
        said.starts_with("long")
            .then(|| ScriptedAnswer::new().output_tokens(64_000))
    });
    let url = serve(&simulator);
    for (front, url) in [("in process", None), ("over HTTP", Some(&*url))] {
        let caller = client(&simulator, url);
        calls(&caller).await;
        for reader in [Reader::Brisk, Reader::Greedy] {
            let (mut alone, mut kept) = (vec![], vec![]);
            for _ in 0..SLICES {
                let before = f64::from(calls(&caller).await);
                // Its connections end with its thread.
                let readers = Readers::start(&client(&simulator, url), reader);
                let beside = f64::from(calls(&caller).await);
                readers.stop();
                let after = f64::from(calls(&caller).await);
                let without = f64::midpoint(before, after);
                alone.push(without / SLICE.as_secs_f64());
                kept.push(100.0 * beside / without);
            }
            println!(
                "{front}: {:.0} calls a second, {:.1} % of them beside {STREAMS} streams with a \
                 {reader:?} reader each",
                median(alone),
                median(kept)
            );
        }
    }
}
