//! With a second level an older answer never takes the place of a newer one, and what is forgotten stays so.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use support::{elsewhere::Elsewhere, others_run, soon};
use tokio::time::{Instant, sleep};
use tower::{BoxError, Layer, Service, util::BoxService};
use tower::{ServiceExt, service_fn};
use tower_response_cache::{
    CacheStatus, Codec, Handle, Keep, Lookup, MemoryStore, Policy, ResponseCacheLayer,
};

const DELAY: Duration = Duration::from_millis(30);
const CALL: Duration = Duration::from_millis(500);
const LIMIT: Duration = Duration::from_secs(1);
const TTL: Duration = Duration::from_secs(60);

/// The number of the call that answered.
#[derive(Clone)]
struct Number(u64);

impl Codec for Number {
    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_le_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self(u64::from_le_bytes(bytes.try_into().ok()?)))
    }
}

type Answer = (u64, CacheStatus);

/// The first answer lasts ten times as long as the others. Keys from 100 on may be stale for a while.
struct Rules;

impl Policy<u64, Answer, BoxError> for Rules {
    type Key = u64;
    type Value = Number;
    type Context = u64;

    /// Above a thousand for a new answer, above two thousand for a stored one only.
    fn lookup(&self, req: &u64) -> Lookup<u64> {
        let key = req % 1000;
        if (1000..2000).contains(req) {
            Lookup::Refresh(key)
        } else {
            Lookup::Use(key)
        }
    }

    fn context(&self, req: &u64) -> u64 {
        req % 1000
    }

    fn absent(&self, req: &u64) -> Option<Result<Answer, BoxError>> {
        (*req >= 2000).then(|| Err("absent".into()))
    }

    fn keep(&self, key: &u64, res: &Answer) -> Option<Keep> {
        let keep = Keep::new(if res.0 == 1 { 10 * TTL } else { TTL }).with_tags(["tag"]);
        Some(if *key < 100 {
            keep
        } else {
            keep.stale_while_revalidate(TTL)
        })
    }

    fn share(&self, res: &Answer) -> Option<Number> {
        Some(Number(res.0))
    }

    fn restore(&self, value: Number, status: CacheStatus) -> Option<Result<Answer, BoxError>> {
        Some(Ok((value.0, status)))
    }
}

type Process = (
    BoxService<u64, Answer, BoxError>,
    Handle<u64, Number>,
    Arc<AtomicU64>,
);

/// A cache of a process that shares `remote` with others; the last counts its calls.
fn process(remote: &Elsewhere) -> Process {
    let calls = Arc::new(AtomicU64::new(0));
    let near = MemoryStore::new(100);
    let layer = ResponseCacheLayer::with_remote(Rules, near, remote.clone());
    let count = Arc::clone(&calls);
    let service = layer.layer(service_fn(move |_: u64| {
        let call = count.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            sleep(CALL).await;
            Ok::<_, BoxError>((call, CacheStatus::Miss))
        }
    }));
    (service.boxed(), layer.handle(), calls)
}

async fn ask(service: &mut BoxService<u64, Answer, BoxError>, req: u64) -> Answer {
    soon(service.call(req)).await.expect("an answer")
}

async fn written() {
    sleep(2 * DELAY).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn older_answer_of_the_remote_store_does_not_come_back() {
    let remote = Elsewhere::new(DELAY);
    let (mut service, handle, _) = process(&remote);
    ask(&mut service, 7).await;
    written().await;
    remote.set_down(true);
    assert_eq!(ask(&mut service, 1007).await.0, 2);
    written().await;
    remote.set_down(false);
    assert_eq!(ask(&mut service, 7).await, (2, CacheStatus::Hit));
    // The first one would be good for long.
    sleep(TTL).await;
    assert_eq!(ask(&mut service, 7).await, (3, CacheStatus::Miss));
    written().await;
    assert_eq!(handle.snapshot().remote.errors, 1);
    // Another key is not concerned.
    let (mut other, ..) = process(&remote);
    ask(&mut other, 8).await;
    written().await;
    assert_eq!(ask(&mut service, 8).await, (1, CacheStatus::Hit));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn older_answer_does_not_replace_a_stale_one_at_hand() {
    let remote = Elsewhere::new(DELAY);
    let (mut old, ..) = process(&remote);
    ask(&mut old, 107).await;
    written().await;
    let (mut service, _, calls) = process(&remote);
    calls.store(1, Ordering::Relaxed);
    remote.set_deaf(true);
    assert_eq!(ask(&mut service, 1107).await.0, 2);
    written().await;
    remote.set_deaf(false);
    sleep(TTL).await;
    assert_eq!(ask(&mut service, 107).await, (2, CacheStatus::Stale));
    sleep(CALL + 2 * DELAY).await;
    assert_eq!(ask(&mut service, 107).await, (3, CacheStatus::Hit));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn invalidation_during_a_write_that_cannot_be_taken_back_is_an_error() {
    let remote = Elsewhere::new(DELAY);
    let (mut service, handle, _) = process(&remote);
    ask(&mut service, 7).await;
    remote.fail_removals();
    soon(handle.invalidate(&7)).await.unwrap_err();
    written().await;
    assert_eq!((remote.len(), handle.snapshot().flights), (1, 0));
    // This process does not serve it all the same, now or later.
    for _ in 0..3 {
        let (call, status) = ask(&mut service, 7).await;
        assert!(call > 1 && status != CacheStatus::Joined, "{call} {status}");
        sleep(2 * TTL).await;
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn invalidation_during_a_write_of_unknown_end_is_an_error() {
    let remote = Elsewhere::new(DELAY);
    let (mut service, handle, _) = process(&remote);
    ask(&mut service, 7).await;
    remote.set_delay(100 * TTL);
    ask(&mut service, 8).await;
    others_run().await;
    remote.set_delay(DELAY);
    for done in [
        soon(handle.invalidate(&7)).await,
        soon(handle.invalidate(&9)).await,
    ] {
        done.expect("its write is over, or there was none");
    }
    soon(handle.invalidate(&8)).await.unwrap_err();
    written().await;
    soon(handle.invalidate(&8))
        .await
        .expect("the write was given up");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn invalidation_waits_for_the_writes_of_its_scope_alone() {
    let remote = Elsewhere::new(DELAY);
    let (mut service, handle, _) = process(&remote);
    ask(&mut service, 7).await;
    let start = Instant::now();
    soon(handle.invalidate(&8)).await.unwrap();
    soon(handle.invalidate_tag("other")).await.unwrap();
    assert_eq!(start.elapsed(), 2 * DELAY);
    for tag in [true, false] {
        ask(&mut service, 1007).await;
        let start = Instant::now();
        let done = if tag {
            handle.invalidate_tag("tag")
        } else {
            handle.clear()
        };
        soon(done).await.unwrap();
        assert_eq!(start.elapsed(), 2 * DELAY);
        written().await;
        assert_eq!(remote.len(), 0);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn with_more_invalidations_than_are_remembered_nothing_from_before_comes_back() {
    for (invalidations, refused) in [(1024, [true, false]), (1025, [true, true])] {
        let remote = Elsewhere::new(DELAY);
        let (mut old, ..) = process(&remote);
        for key in [1, 2] {
            ask(&mut old, key).await;
        }
        written().await;
        // The removals fail, so what is invalidated stays there.
        remote.fail_removals();
        let (mut new, handle, calls) = process(&remote);
        let others = (10_000..).take(invalidations - 1);
        for key in [1].into_iter().chain(others) {
            drop(handle.invalidate(&key));
        }
        for (key, refused) in [1, 2].into_iter().zip(refused) {
            let before = calls.load(Ordering::Relaxed);
            ask(&mut new, key).await;
            let calls = calls.load(Ordering::Relaxed) - before;
            assert_eq!(calls == 1, refused, "{key} of {invalidations}");
        }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn read_that_hangs_is_a_miss() {
    let remote = Elsewhere::new(100 * TTL);
    let (mut service, handle, _) = process(&remote);
    let start = Instant::now();
    assert_eq!(ask(&mut service, 7).await, (1, CacheStatus::Miss));
    assert_eq!(start.elapsed(), LIMIT + CALL);
    // The write is given up as well.
    sleep(2 * LIMIT).await;
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.remote.errors, snapshot.flights), (2, 0));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn record_of_another_key_is_a_miss_and_counted() {
    let remote = Elsewhere::new(DELAY);
    let (mut first, ..) = process(&remote);
    ask(&mut first, 7).await;
    written().await;
    remote.mix_up("7", "8");
    let (mut second, handle, _) = process(&remote);
    assert_eq!(ask(&mut second, 8).await, (1, CacheStatus::Miss));
    assert_eq!(handle.snapshot().remote.errors, 1);
    assert_eq!(ask(&mut second, 7).await, (1, CacheStatus::Hit));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn stale_answer_of_the_remote_store_is_given_while_a_new_one_is_fetched() {
    let remote = Elsewhere::new(DELAY);
    let (mut first, ..) = process(&remote);
    ask(&mut first, 107).await;
    written().await;
    sleep(10 * TTL).await;
    let (mut only, handle, calls) = process(&remote);
    assert_eq!(ask(&mut only, 2107).await, (1, CacheStatus::Stale));
    sleep(CALL).await;
    assert_eq!(
        (calls.load(Ordering::Relaxed), handle.snapshot().absent),
        (0, 0)
    );

    let (mut second, handle, calls) = process(&remote);
    calls.store(10, Ordering::Relaxed);
    let start = Instant::now();
    let both = soon(futures_util::future::join(
        second.call(107),
        second.call(107),
    ));
    let (leader, waiter) = both.await;
    assert_eq!(leader.unwrap(), (1, CacheStatus::Stale));
    assert_eq!(waiter.unwrap(), (1, CacheStatus::Stale));
    assert_eq!(start.elapsed(), DELAY);
    assert_eq!(ask(&mut second, 107).await, (1, CacheStatus::Stale));
    sleep(CALL + DELAY).await;
    assert_eq!(ask(&mut second, 107).await, (11, CacheStatus::Hit));
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.stale, snapshot.revalidations, snapshot.misses),
        (3, 1, 0)
    );
}
