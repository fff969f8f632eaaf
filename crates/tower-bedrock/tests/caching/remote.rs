//! Answers as bytes, in a store outside the process.

use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
use proptest::prelude::*;
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
};
use tokio::task::yield_now;
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    CacheKey, CacheStatus, Request, UnaryOperation,
    policy::{Answer, CachePolicy},
};
use tower_response_cache::{
    Codec, MemoryStore, Policy, RemoteEntry, RemoteStore, ResponseCacheLayer,
};

use crate::common::{bedrock, prompt, simulator};
use crate::support::{HOUR, KEPT, MIB, admitted, count, invoke, policy, twice};

/// A store outside the process.
#[derive(Clone, Default)]
struct Shared {
    entries: Arc<Mutex<HashMap<CacheKey, Vec<u8>>>>,
}

type Layered = ResponseCacheLayer<CachePolicy, CacheKey, Answer>;

impl Shared {
    fn len(&self) -> usize {
        self.entries.lock().expect("no test panics in here").len()
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<CacheKey, Vec<u8>>)) {
        change(&mut self.entries.lock().expect("no test panics in here"));
    }
}

impl RemoteStore<CacheKey> for Shared {
    type Error = Infallible;

    async fn get(&self, key: &CacheKey) -> Result<Option<RemoteEntry>, Infallible> {
        let entries = self.entries.lock().expect("no test panics in here");
        Ok(entries
            .get(key)
            .map(|bytes| RemoteEntry::new(bytes.clone(), HOUR)))
    }

    async fn insert(&self, key: &CacheKey, entry: RemoteEntry) -> Result<(), Infallible> {
        self.change(|entries| drop(entries.insert(*key, entry.bytes)));
        Ok(())
    }

    async fn remove(&self, key: &CacheKey) -> Result<(), Infallible> {
        self.change(|entries| drop(entries.remove(key)));
        Ok(())
    }

    async fn remove_tag(&self, _: &str) -> Result<(), Infallible> {
        Ok(())
    }

    async fn clear(&self) -> Result<(), Infallible> {
        self.change(HashMap::clear);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_share_no_answers_in_one_store() {
    let sim = simulator();
    let remote = Shared::default();
    for account in ["1", "2"] {
        let policy = policy().account(account);
        let layer: Layered =
            ResponseCacheLayer::with_remote(policy, MemoryStore::new(MIB), remote.clone());
        let service = layer.layer(bedrock(&sim).with_raw_responses());
        assert_eq!(twice(&service, prompt("hello")).await, KEPT);
        yield_now().await;
    }
    assert_eq!((admitted(&sim), remote.len()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn answers_of_every_operation_outlive_the_process_in_a_remote_store() {
    async fn check<I: UnaryOperation>(input: I, usage: bool)
    where
        I::Output: PartialEq,
    {
        let (sim, remote) = (simulator(), Shared::default());
        // Each has a memory of its own, as another process has.
        let service = || {
            let layer: Layered =
                ResponseCacheLayer::with_remote(policy(), MemoryStore::new(MIB), remote.clone());
            layer.layer(bedrock(&sim).with_raw_responses())
        };
        let first = service()
            .oneshot(Request::new(input.clone()))
            .await
            .unwrap();
        yield_now().await;
        assert_eq!(remote.len(), 1);
        for _ in 0..2 {
            let again = service()
                .oneshot(Request::new(input.clone()))
                .await
                .unwrap();
            assert_eq!(again.meta().cache(), Some(CacheStatus::Hit));
            assert!(*again == *first);
            assert_eq!(again.meta().saved(), first.meta().usage());
            assert_eq!(again.meta().saved().is_some(), usage);
            assert_eq!(again.meta().request_id(), first.meta().request_id());
            assert_eq!(again.meta().model_id(), input.model_id());
        }
    }
    check(prompt("hello"), true).await;
    check(invoke(""), true).await;
    check(count(), false).await;
}

#[tokio::test(start_paused = true)]
async fn without_the_raw_response_nothing_leaves_the_process() {
    let (sim, remote) = (simulator(), Shared::default());
    let layer: Layered =
        ResponseCacheLayer::with_remote(policy(), MemoryStore::new(MIB), remote.clone());
    assert_eq!(
        twice(&layer.layer(bedrock(&sim)), prompt("hello")).await,
        KEPT
    );
    yield_now().await;
    assert_eq!(remote.len(), 0);
}

/// An answer as bytes.
fn stored() -> Vec<u8> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a timer needs no rights");
    let bedrock = bedrock(&simulator()).with_raw_responses();
    let call = bedrock.oneshot(Request::new(prompt("hello")));
    let response = runtime.block_on(call).expect("the simulator answers");
    let answer = Policy::<Request<ConverseInput>, _, _>::share(&policy(), &response);
    answer
        .and_then(|answer| answer.encode())
        .expect("the response is raw")
}

#[test]
fn an_answer_has_the_same_bytes_again() {
    let bytes = stored();
    let answer = Answer::decode(&bytes).unwrap();
    assert_eq!(answer.encode().unwrap(), bytes);
}

#[test]
fn damaged_bytes_are_no_answer() {
    let bytes = stored();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(Answer::decode(&damaged).is_none(), "byte {at}");
        assert!(Answer::decode(&bytes[..at]).is_none(), "length {at}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Answer::decode(&bytes).is_none());
    }
}
