//! One cache.

use aws_sdk_bedrockruntime::operation::{
    converse::ConverseInput, converse_stream::ConverseStreamInput,
};
use bedrock_sim::Simulator;
use end_to_end::{MODEL, prompt};
use redis_test_server::{SECOND, Server};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tower_bedrock::{
    CacheKey, CacheScope, CacheStatus, CacheUse, Fleet, Request, StackLayer, policy,
};

use crate::{Process, bedrock, usage};

fn two(server: &Server, sim: &Simulator) -> [Process; 2] {
    [(); 2].map(|()| Process::at(&server.url(), sim))
}

/// Waits until that process can answer without Bedrock.
async fn has(process: &Process, text: &str) {
    let request = || Request::new(prompt(text)).cache(CacheUse::OnlyIfCached);
    let asked = async {
        while process.call(request()).await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(10 * SECOND, asked).await.expect("it is written");
}

fn streamed(text: &str) -> ConverseStreamInput {
    let ConverseInput {
        model_id, messages, ..
    } = prompt(text);
    ConverseStreamInput::builder()
        .set_model_id(model_id)
        .set_messages(messages)
        .build()
        .unwrap()
}

/// Nobody has asked the client for raw responses: the stack knows that it needs them.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn answer_of_one_process_is_a_hit_in_another() {
    let (server, sim) = (Server::start(), bedrock(6_000, 100));
    let [one, two] = two(&server, &sim);
    let first = one.ask("hello").await.unwrap();
    has(&two, "hello").await;
    let again = two.ask("hello").await.unwrap();
    assert_eq!(again.meta().cache(), Some(CacheStatus::Hit));
    assert_eq!(*again, *first);
    assert_eq!(usage(&sim).admitted, 1);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn recorded_stream_is_replayed_in_another_process() {
    let (server, sim) = (Server::start(), bedrock(6_000, 100));
    let [one, two] = two(&server, &sim);
    let first = one.call(Request::new(streamed("hello"))).await.unwrap();
    let first = first.message().await.unwrap();
    let again = timeout(10 * SECOND, async {
        loop {
            let request = Request::new(streamed("hello")).cache(CacheUse::OnlyIfCached);
            match two.call(request).await {
                Ok(stream) => break stream,
                Err(_) => sleep(Duration::from_millis(5)).await,
            }
        }
    });
    let again = again.await.expect("it is written");
    assert_eq!(*again.message().await.unwrap(), *first);
    assert_eq!(usage(&sim).admitted, 1);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn equal_calls_of_two_processes_are_one() {
    let (server, sim) = (Server::start(), bedrock(6_000, 100));
    let [one, two] = two(&server, &sim);
    let (one, two) = tokio::join!(one.ask("hello"), two.ask("hello"));
    assert_eq!(*one.unwrap(), *two.unwrap());
    assert_eq!(usage(&sim).admitted, 1);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_one_process_forgets_all_forget() {
    let (server, sim) = (Server::start(), bedrock(6_000, 100));
    let [one, two] = two(&server, &sim);
    let key = CacheKey::of(
        &Request::new(prompt("hello")),
        &CacheScope::new().region("us-east-1"),
    );
    let key = key.unwrap();
    for (times, by_tag) in [(1, false), (2, true)] {
        one.ask("hello").await.unwrap();
        has(&two, "hello").await;
        assert_eq!(usage(&sim).admitted, times);
        let cache = one.handle.cache();
        let forgotten = match by_tag {
            true => cache.invalidate_tag(&format!("model:{MODEL}")).await,
            false => cache.invalidate(&key).await,
        };
        forgotten.unwrap();
        // Out of the memory of the other one, too.
        let memory = two.handle.cache();
        let gone = async {
            while memory.snapshot().store.entries > 0 {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(10 * SECOND, gone).await.expect("it is heard");
    }
    two.ask("hello").await.unwrap();
    assert_eq!(usage(&sim).admitted, 3);
}

/// In whichever order the knobs are turned.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn cache_of_ones_own_is_shared_too() {
    let (server, sim) = (Server::start(), bedrock(6_000, 100));
    let cache = || policy::response_cache_layer("us-east-1", 60 * SECOND, 1 << 20);
    let fleet = || Fleet::redis(&server.url());
    let before = StackLayer::new("us-east-1").cache(cache()).fleet(fleet());
    let after = StackLayer::new("us-east-1").fleet(fleet()).cache(cache());
    let [before, after] = [before, after].map(|layer| Process::of(&layer, &sim));
    before.ask("hello").await.unwrap();
    has(&after, "hello").await;
    assert_eq!(usage(&sim).admitted, 1);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn fleet_without_a_cache_keeps_no_answer_on_the_server() {
    let (server, sim) = (Server::start(), bedrock(6_000, 100));
    let fleet = || Fleet::redis(&server.url()).without_cache();
    let processes =
        [(); 2].map(|()| Process::of(&StackLayer::new("us-east-1").fleet(fleet()), &sim));
    for process in processes {
        let answer = process.ask("hello").await.unwrap();
        assert_eq!(answer.meta().cache(), Some(CacheStatus::Miss));
        assert!(answer.meta().raw().is_none());
    }
    let names: Vec<String> = server.ask(&["KEYS", "tower-bedrock:*"]);
    assert!(names.is_empty(), "{names:?}");
}
