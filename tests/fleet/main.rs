//! Stacks that share a quota and a cache, by a real Redis:
//! `cargo test --workspace --test fleet -- --ignored`.
//!
//! Each stack is as a process of its own: nothing but the server is common to two of them.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod cache;
mod closing;
mod exhausted;
mod outages;
mod quota;
mod secrets;

use std::{sync::Arc, time::Duration};

use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use bedrock_sim::{Latency, Model, ModelUsage, Simulator};
use end_to_end::{MODEL, prompt};
use redis_test_server::Server;
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    Bedrock, Error, Fleet, Operation, Request, Response, Stack, StackLayer,
    policy::{ModelQuota, Quotas},
    stack::Handle,
};

/// A simulated Bedrock that lets so many requests in at once, and so many each minute.
fn bedrock(per_minute: u64, at_once: u64) -> Simulator {
    let fills_in = Duration::from_secs(60 * at_once) / u32::try_from(per_minute).unwrap();
    let model = Model::new(MODEL)
        .requests_per_minute(per_minute)
        .burst(fills_in);
    Simulator::new()
        .latency(Latency::new(Duration::from_millis(50), Duration::ZERO))
        .model(model)
}

fn told(per_minute: u64) -> Quotas {
    Quotas::new().model(MODEL, ModelQuota::new().requests_per_minute(per_minute))
}

fn usage(sim: &Simulator) -> ModelUsage {
    sim.usage().model(MODEL).cloned().unwrap_or_default()
}

/// A stack, and what shows it.
#[derive(Clone)]
struct Process {
    stack: Stack,
    handle: Handle,
}

impl Process {
    fn of(layer: &StackLayer, sim: &Simulator) -> Self {
        Self {
            handle: layer.handle(),
            stack: layer.layer(Bedrock::new(sim.sdk_config())),
        }
    }

    /// One of the processes that meet at `url`.
    fn at(url: &str, sim: &Simulator) -> Self {
        Self::of(&StackLayer::new("us-east-1").fleet(Fleet::redis(url)), sim)
    }

    /// One of those that meet at `server`, and know that quota.
    fn told(server: &Server, sim: &Simulator, per_minute: u64) -> Self {
        let layer = StackLayer::new("us-east-1").quotas(told(per_minute));
        Self::of(&layer.fleet(Fleet::redis(&server.url())), sim)
    }

    async fn ask(&self, text: &str) -> Result<Response<ConverseOutput>, Error> {
        self.call(Request::new(prompt(text))).await
    }

    async fn call<I: Operation>(&self, request: Request<I>) -> Result<I::Response, Error>
    where
        Stack: tower::Service<Request<I>, Response = I::Response, Error = Error>,
    {
        self.stack.clone().oneshot(request).await
    }
}

/// So many calls at one time, all different: which of the processes made them, in the order of their ends.
async fn all_at_once(processes: &[Process], calls_of_each: usize) -> Vec<usize> {
    let ended = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut calls = tokio::task::JoinSet::new();
    for (number, process) in processes.iter().enumerate() {
        for call in 0..calls_of_each {
            let (process, ended) = (process.clone(), Arc::clone(&ended));
            calls.spawn(async move {
                let answer = process.ask(&format!("call {call} of {number}")).await;
                answer.expect("nothing is lost");
                ended.lock().unwrap().push(number);
            });
        }
    }
    calls.join_all().await;
    let ended = ended.lock().unwrap();
    ended.clone()
}
