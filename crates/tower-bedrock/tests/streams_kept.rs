//! Streams in the cache: recorded while they pass, and replayed.

mod common;
#[path = "common/kept.rs"]
mod kept;

use bedrock_sim::{Fault, ScriptedAnswer, StopReason};
use common::{MODEL, bedrock, prompt, simulator, stream_prompt};
use kept::{HOUR, MIB, admitted, ask, policy, request, rest, stack, stack_with};
use std::{
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::{task::yield_now, time::Instant};
use tower::{Layer, ServiceExt};
use tower_bedrock::{
    CacheKey, CacheScope, CacheStatus, CacheUse, ErrorKind, Request, Usage,
    policy::{Answer, CachePolicy, Replay},
};
use tower_response_cache::{MemoryStore, RemoteEntry, RemoteStore, ResponseCacheLayer};

#[tokio::test(start_paused = true)]
async fn a_replayed_stream_is_the_recorded_one_event_for_event_and_costs_nothing() {
    let sim = simulator();
    let stack = stack(&sim);
    let mut first = ask(&stack).await;
    assert_eq!(first.meta().cache(), Some(CacheStatus::Miss));
    let (events, _) = rest(&mut first).await;
    let used = first.meta().usage();
    assert!(events.len() > 4 && used.is_some());
    for _ in 0..2 {
        let mut again = ask(&stack).await;
        assert_eq!(again.meta().cache(), Some(CacheStatus::Hit));
        assert_eq!(again.meta().request_id(), first.meta().request_id());
        assert_eq!(again.meta().saved(), used);
        assert_eq!(rest(&mut again).await.0, events);
        assert_eq!(again.meta().usage(), Some(Usage::default()));
    }
    assert_eq!(admitted(&sim), 1);
}

#[tokio::test(start_paused = true)]
async fn only_complete_answers_with_content_are_kept() {
    for (answer, kept) in [
        (ScriptedAnswer::new().text("42"), true),
        (ScriptedAnswer::new().text(""), false),
        (
            ScriptedAnswer::new()
                .text("42")
                .stop_reason(StopReason::MaxTokens),
            false,
        ),
    ] {
        let sim = simulator();
        sim.script([answer.clone()]);
        let stack = stack(&sim);
        assert!(rest(&mut ask(&stack).await).await.1.is_none());
        let again = ask(&stack).await.meta().cache();
        assert_eq!(again == Some(CacheStatus::Hit), kept, "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_to_be_stored_is_not() {
    let sim = simulator();
    let stack = stack(&sim);
    let no_store = || request().cache(CacheUse::NoStore);
    for _ in 0..2 {
        let mut stream = stack.clone().oneshot(no_store()).await.unwrap();
        assert_eq!(stream.meta().cache(), Some(CacheStatus::Miss));
        assert!(rest(&mut stream).await.1.is_none());
    }
    assert_eq!(admitted(&sim), 2);
}

#[tokio::test(start_paused = true)]
async fn converse_can_be_answered_by_a_recorded_stream_of_the_same_request() {
    for share in [true, false] {
        let sim = simulator();
        let stack = stack_with(&sim, policy().messages_of_streams(share));
        let converse = |text| stack.clone().oneshot(Request::new(prompt(text)));
        let streamed = ask(&stack).await.message().await.unwrap();
        let answer = converse("hello").await.unwrap();
        assert_eq!(answer.output, streamed.output);
        assert_eq!(answer.stop_reason, streamed.stop_reason);
        assert_eq!(answer.usage, streamed.usage);
        if !share {
            assert_eq!(answer.meta().cache(), Some(CacheStatus::Miss));
            continue;
        }
        assert_eq!(answer.meta().cache(), Some(CacheStatus::Hit));
        assert_eq!(answer.meta().saved(), streamed.meta().usage());
        assert_eq!(admitted(&sim), 1);
        let other = converse("hello again").await.unwrap();
        assert_eq!(other.meta().cache(), Some(CacheStatus::Miss));
        // A stream is not made of a message.
        let mut stream = stack
            .clone()
            .oneshot(Request::new(stream_prompt("hello again")))
            .await
            .unwrap();
        assert_eq!(stream.meta().cache(), Some(CacheStatus::Miss));
        assert!(rest(&mut stream).await.1.is_none());
        // What is fetched anew is newer than the stream.
        let anew = Request::new(prompt("hello")).cache(CacheUse::Refresh);
        stack.clone().oneshot(anew).await.unwrap();
        assert_eq!(admitted(&sim), 4);
        assert_eq!(
            converse("hello").await.unwrap().meta().cache(),
            Some(CacheStatus::Hit)
        );
        assert_eq!(ask(&stack).await.meta().cache(), Some(CacheStatus::Hit));
        assert_eq!(admitted(&sim), 4);
    }
}

#[test]
fn the_key_of_a_stream_is_another_one_and_that_of_the_same_request() {
    let scope = CacheScope::new().region("us-east-1");
    let stream = |text| CacheKey::of(&Request::new(stream_prompt(text)), &scope).unwrap();
    let plain = CacheKey::of(&Request::new(prompt("hello")), &scope).unwrap();
    assert_eq!(stream("hello"), stream("hello"));
    assert_ne!(stream("hello"), stream("hallo"));
    assert_ne!(stream("hello"), plain);
}

#[tokio::test(start_paused = true)]
async fn recorded_streams_outlive_the_process_in_a_remote_store() {
    let (sim, remote) = (simulator(), Remote::default());
    // Each has a memory of its own, as another process has.
    let service = || {
        let layer: ResponseCacheLayer<CachePolicy, CacheKey, Answer> =
            ResponseCacheLayer::with_remote(policy(), MemoryStore::new(MIB), remote.clone());
        layer.layer(bedrock(&sim))
    };
    let mut first = service().oneshot(request()).await.unwrap();
    let (events, _) = rest(&mut first).await;
    yield_now().await;
    let mut again = service().oneshot(request()).await.unwrap();
    assert_eq!(again.meta().cache(), Some(CacheStatus::Hit));
    assert_eq!(again.meta().saved(), first.meta().usage());
    assert_eq!(again.meta().request_id(), first.meta().request_id());
    assert_eq!(again.meta().model_id(), Some(MODEL));
    assert_eq!(rest(&mut again).await.0, events);
    assert_eq!(admitted(&sim), 1);
    // What stands before is the cache's own: when it was kept.
    for at in 20..200 {
        remote.damage(at);
        let damaged = service().oneshot(request()).await.unwrap();
        assert_eq!(damaged.meta().cache(), Some(CacheStatus::Miss), "{at}");
        remote.damage(at);
    }
}

/// A store outside the process, of one entry.
#[derive(Clone, Default)]
struct Remote {
    bytes: Arc<Mutex<Option<Vec<u8>>>>,
}

impl Remote {
    fn bytes(&self) -> MutexGuard<'_, Option<Vec<u8>>> {
        self.bytes.lock().expect("no test panics in here")
    }

    /// Done twice it is undone.
    fn damage(&self, at: usize) {
        if let Some(bytes) = &mut *self.bytes() {
            let at = at * bytes.len() / 200;
            bytes[at] ^= 1;
        }
    }
}

impl RemoteStore<CacheKey> for Remote {
    type Error = Infallible;

    async fn get(&self, _: &CacheKey) -> Result<Option<RemoteEntry>, Infallible> {
        let bytes = self.bytes().clone();
        Ok(bytes.map(|bytes| RemoteEntry::new(bytes, HOUR)))
    }

    async fn insert(&self, _: &CacheKey, entry: RemoteEntry) -> Result<(), Infallible> {
        *self.bytes() = Some(entry.bytes);
        Ok(())
    }

    async fn remove(&self, _: &CacheKey) -> Result<(), Infallible> {
        Ok(())
    }

    async fn remove_tag(&self, _: &str) -> Result<(), Infallible> {
        Ok(())
    }

    async fn clear(&self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_stream_is_fetched_anew_in_the_background() {
    let sim = simulator();
    let stack = stack_with(&sim, policy().stale_while_revalidate(HOUR));
    rest(&mut ask(&stack).await).await;
    tokio::time::sleep(HOUR + HOUR / 2).await;
    let mut stale = ask(&stack).await;
    assert_eq!(stale.meta().cache(), Some(CacheStatus::Stale));
    assert!(rest(&mut stale).await.1.is_none());
    // Nobody takes the new one; it is read to its end all the same.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(admitted(&sim), 2);
    assert_eq!(ask(&stack).await.meta().cache(), Some(CacheStatus::Hit));
}

#[tokio::test(start_paused = true)]
async fn a_replay_can_take_the_time_that_the_stream_took() {
    for (replay, paced) in [(Replay::AtOnce, false), (Replay::AsItCame, true)] {
        let sim = simulator();
        sim.script([Fault::slow_body(Duration::from_secs(1))]);
        let stack = stack_with(&sim, policy().replay(replay));
        let begun = Instant::now();
        let (events, _) = rest(&mut ask(&stack).await).await;
        let took = begun.elapsed();
        assert!(took > Duration::from_secs(4));
        let begun = Instant::now();
        let again = rest(&mut ask(&stack).await).await;
        assert_eq!(again.0, events);
        if paced {
            assert_eq!(begun.elapsed(), took);
        } else {
            assert_eq!(begun.elapsed(), Duration::ZERO);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_that_takes_its_time_ends_at_its_readers_own_deadline() {
    let sim = simulator();
    sim.script([Fault::slow_body(Duration::from_secs(1))]);
    let stack = stack_with(&sim, policy().replay(Replay::AsItCame));
    let (events, _) = rest(&mut ask(&stack).await).await;
    let limit = Duration::from_secs(3);
    for whole in [true, false] {
        let hurried = request().timeout(limit);
        let hurried = if whole {
            hurried.whole_stream()
        } else {
            hurried
        };
        let begun = Instant::now();
        let mut again = stack.clone().oneshot(hurried).await.unwrap();
        assert_eq!(again.meta().cache(), Some(CacheStatus::Hit));
        let (read, error) = rest(&mut again).await;
        assert_eq!(read.len() < events.len(), whole);
        assert_eq!(begun.elapsed() == limit, whole);
        let kind = error.map(|error| error.kind());
        assert_eq!(kind, whole.then_some(ErrorKind::DeadlineExceeded));
    }
}
