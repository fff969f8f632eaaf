//! A remote store behind the one in memory: slow, fallible, and of bytes.

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use support::{elsewhere::Elsewhere, interfering::Interfering, others_run, soon};
use tokio::time::{Instant, sleep};
use tokio_test::{assert_pending, task};
use tower::{BoxError, Layer, Service, service_fn};
use tower_response_cache::{
    CacheStatus, Codec, Handle, Keep, Lookup, MemoryStore, NotInvalidated, Policy, ResponseCache,
    ResponseCacheLayer,
};

const DELAY: Duration = Duration::from_millis(30);
const CALL: Duration = Duration::from_millis(500);
const TTL: Duration = Duration::from_secs(60);

/// The key and the number of the call.
type Answer = (u64, u64, CacheStatus);

#[derive(Clone)]
struct Stored(u64, u64);

impl Codec for Stored {
    fn encode(&self) -> Option<Vec<u8>> {
        let fits = self.0 < 100;
        fits.then(|| vec![self.0 as u8, self.1 as u8])
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let [key, call] = bytes else { return None };
        Some(Self((*key).into(), (*call).into()))
    }
}

#[derive(Clone, Copy)]
struct Rules;

impl Policy<u64, Answer, BoxError> for Rules {
    type Key = u64;
    type Value = Stored;
    type Context = ();

    /// Above a thousand for a stored answer only.
    fn lookup(&self, req: &u64) -> Lookup<u64> {
        Lookup::Use(req % 1000)
    }

    fn context(&self, _: &u64) {}

    fn absent(&self, req: &u64) -> Option<Result<Answer, BoxError>> {
        (*req >= 1000).then(|| Err("absent".into()))
    }

    fn keep(&self, (): &(), res: &Answer) -> Option<Keep> {
        let tag = if res.0 % 2 == 0 { "even" } else { "odd" };
        Some(Keep::new(TTL).stale_if_error(TTL).with_tags([tag]))
    }

    fn share(&self, res: &Answer) -> Option<Stored> {
        Some(Stored(res.0, res.1))
    }

    fn stale_if_error(&self, (): &(), _: &BoxError) -> bool {
        true
    }

    fn restore(&self, value: Stored, status: CacheStatus) -> Option<Result<Answer, BoxError>> {
        Some(Ok((value.0, value.1, status)))
    }
}

#[derive(Clone)]
struct Numbered(u64);

impl Service<u64> for Numbered {
    type Response = Answer;
    type Error = BoxError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), BoxError>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, req: u64) -> Self::Future {
        let call = self.0;
        Box::pin(async move {
            sleep(CALL).await;
            Ok((req, call, CacheStatus::Miss))
        })
    }
}

type Process = (
    ResponseCache<Numbered, Rules, u64, Stored>,
    Handle<u64, Stored>,
);

/// A cache of a process that shares `remote` with others; its calls are known by `number`.
fn process(remote: &Elsewhere, number: u64) -> Process {
    let layer = ResponseCacheLayer::with_remote(Rules, MemoryStore::new(100), remote.clone());
    (layer.layer(Numbered(number)), layer.handle())
}

async fn written() {
    sleep(2 * DELAY).await;
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_of_one_process_is_a_hit_in_another() {
    let remote = Elsewhere::new(DELAY);
    let (mut first, _) = process(&remote, 1);
    let start = Instant::now();
    let answer = soon(first.call(7)).await.unwrap();
    assert_eq!(answer, (7, 1, CacheStatus::Miss));
    // It is asked first, and written to when the caller has its answer.
    assert_eq!(start.elapsed(), DELAY + CALL);
    assert_eq!(remote.len(), 0);
    written().await;
    assert_eq!(remote.len(), 1);

    let (mut second, handle) = process(&remote, 2);
    let start = Instant::now();
    let calls = (0..50).map(|_| second.call(7)).collect::<Vec<_>>();
    for answer in soon(futures_util::future::join_all(calls)).await {
        let (key, call, _) = answer.unwrap();
        assert_eq!((key, call), (7, 1));
    }
    assert_eq!(start.elapsed(), DELAY);
    let snapshot = handle.snapshot();
    assert_eq!((snapshot.hits, snapshot.joins, snapshot.misses), (1, 49, 0));
    assert_eq!((snapshot.remote.hits, snapshot.flights), (1, 0));
    // Now it is in memory.
    let start = Instant::now();
    soon(second.call(7)).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn age_goes_with_the_answer() {
    let remote = Elsewhere::new(DELAY);
    let (mut first, _) = process(&remote, 1);
    soon(first.call(7)).await.unwrap();
    written().await;
    sleep(TTL - Duration::from_secs(1)).await;
    let (mut second, _) = process(&remote, 2);
    assert_eq!(soon(second.call(7)).await.unwrap().2, CacheStatus::Hit);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(soon(second.call(7)).await.unwrap().1, 2);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn store_that_fails_is_a_miss_and_counted() {
    let remote = Elsewhere::new(DELAY);
    remote.set_down(true);
    let (mut service, handle) = process(&remote, 1);
    assert_eq!(soon(service.call(7)).await.unwrap().1, 1);
    written().await;
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.remote.errors, snapshot.stored, snapshot.flights),
        (2, 1, 0)
    );
    assert_eq!(soon(service.call(7)).await.unwrap().2, CacheStatus::Hit);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn bytes_that_cannot_be_read_are_a_miss_and_counted() {
    let remote = Elsewhere::new(DELAY);
    let (mut first, _) = process(&remote, 1);
    soon(first.call(7)).await.unwrap();
    written().await;
    remote.scramble();
    let (mut second, handle) = process(&remote, 2);
    assert_eq!(soon(second.call(7)).await.unwrap().1, 2);
    assert_eq!(handle.snapshot().remote.errors, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn value_without_bytes_stays_at_hand() {
    let remote = Elsewhere::new(DELAY);
    let (mut service, handle) = process(&remote, 1);
    soon(service.call(100)).await.unwrap();
    written().await;
    assert_eq!((remote.len(), handle.snapshot().stored), (0, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn request_for_a_stored_answer_only_asks_the_remote_store_too() {
    let remote = Elsewhere::new(DELAY);
    let (mut first, _) = process(&remote, 1);
    soon(first.call(7)).await.unwrap();
    written().await;
    let (mut second, handle) = process(&remote, 2);
    assert!(soon(second.call(1008)).await.is_err());
    let answer = soon(second.call(1007)).await.unwrap();
    assert_eq!(answer, (7, 1, CacheStatus::Hit));
    let snapshot = handle.snapshot();
    assert_eq!(
        (snapshot.absent, snapshot.misses, snapshot.flights),
        (1, 0, 0)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn stale_answer_of_the_remote_store_is_better_than_an_error() {
    let remote = Elsewhere::new(DELAY);
    let (mut first, _) = process(&remote, 1);
    soon(first.call(7)).await.unwrap();
    written().await;
    sleep(TTL).await;
    let near = MemoryStore::new(100);
    let layer = ResponseCacheLayer::with_remote(Rules, near, remote);
    let mut broken = layer.layer(service_fn(|_: u64| async {
        Err::<Answer, BoxError>("throttled".into())
    }));
    let answer = soon(broken.call(7)).await.unwrap();
    assert_eq!(answer, (7, 1, CacheStatus::StaleIfError));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_is_invalidated_is_gone_from_both_levels() {
    type Forget = fn(&Handle<u64, Stored>) -> tower_response_cache::Invalidation;
    let ways: [(Forget, usize); 3] = [
        (|handle| handle.invalidate(&7), 2),
        (|handle| handle.invalidate_tag("odd"), 1),
        (Handle::clear, 0),
    ];
    for (forget, left) in ways {
        let remote = Elsewhere::new(DELAY);
        let (mut service, handle) = process(&remote, 1);
        for key in [7, 8, 9] {
            soon(service.call(key)).await.unwrap();
        }
        written().await;
        // A process that has nothing in memory.
        let (mut other, _) = process(&remote, 2);
        soon(forget(&handle)).await.unwrap();
        assert_eq!(remote.len(), left);
        assert_eq!(handle.snapshot().store.entries, left as u64);
        assert_eq!(soon(other.call(7)).await.unwrap().1, 2);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn invalidation_that_fails_says_so() {
    let remote = Elsewhere::new(DELAY);
    let (mut service, handle) = process(&remote, 1);
    soon(service.call(7)).await.unwrap();
    written().await;
    remote.set_down(true);
    let failed: NotInvalidated = soon(handle.invalidate(&7)).await.unwrap_err();
    assert_eq!(failed.to_string(), "the remote store was not invalidated");
    assert_eq!(handle.snapshot().store.entries, 0);
    assert_eq!(handle.snapshot().remote.errors, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_that_is_invalidated_while_it_is_written_is_taken_back() {
    let remote = Elsewhere::new(DELAY);
    let (mut service, handle) = process(&remote, 1);
    soon(service.call(7)).await.unwrap();
    // The write is slower to begin than the removal.
    let start = Instant::now();
    soon(handle.invalidate(&7)).await.unwrap();
    // It waits for the write, which would land after the removal.
    assert_eq!(start.elapsed(), 2 * DELAY);
    // It is in there, for a moment, and nobody gets it.
    let (_, call, status) = soon(service.call(7)).await.unwrap();
    assert_eq!((call, status), (1, CacheStatus::Miss));
    assert_eq!(handle.snapshot().misses, 2);
    written().await;
    assert_eq!(handle.snapshot().remote.hits, 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_is_read_while_it_is_removed_is_refused() {
    let remote = Elsewhere::new(DELAY);
    let (mut first, _) = process(&remote, 1);
    soon(first.call(7)).await.unwrap();
    written().await;
    let (mut second, handle) = process(&remote, 2);
    // Reads before the removal gets there: what it finds is refused.
    let mut removal = task::spawn(handle.invalidate(&7));
    let mut read = task::spawn(second.call(7));
    assert_pending!(read.poll());
    sleep(Duration::from_millis(1)).await;
    assert_pending!(removal.poll());
    let (old, removed) = soon(async { tokio::join!(read, removal) }).await;
    assert_eq!((old.unwrap().1, removed), (2, Ok(())));
    assert_eq!(handle.snapshot().misses, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn caller_that_leaves_while_the_remote_store_is_asked_takes_nobody_along() {
    let remote = Elsewhere::new(DELAY);
    let (mut service, handle) = process(&remote, 1);
    let mut leader = task::spawn(service.call(7));
    let second = task::spawn(service.call(7));
    assert_pending!(leader.poll());
    let second = tokio::spawn(second);
    others_run().await;
    drop(leader);
    let answer = soon(second).await.unwrap().unwrap();
    assert_eq!(answer, (7, 1, CacheStatus::Miss));
    assert_eq!(
        (handle.snapshot().misses, handle.snapshot().remote.misses),
        (1, 1)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn invalidation_in_the_midst_of_bringing_it_here_wins() {
    let remote = Elsewhere::new(DELAY);
    let (mut first, _) = process(&remote, 1);
    soon(first.call(7)).await.unwrap();
    written().await;
    let near = Interfering::new(MemoryStore::new(100));
    let layer = ResponseCacheLayer::with_remote(Rules, near.clone(), remote);
    let handle = layer.handle();
    near.at_the_next_insert(move |_| drop(handle.invalidate(&7)));
    let mut second = layer.layer(Numbered(2));
    assert_eq!(soon(second.call(7)).await.unwrap().1, 1);
    assert_eq!(layer.handle().snapshot().store.entries, 0);
}

/// Keeps answers for stale use in the background, and counts what it restores.
struct Lasting(Arc<AtomicU64>);

impl Policy<u64, Answer, BoxError> for Lasting {
    type Key = u64;
    type Value = Stored;
    type Context = ();

    fn lookup(&self, req: &u64) -> Lookup<u64> {
        Lookup::Use(*req)
    }

    fn context(&self, _: &u64) {}

    fn keep(&self, (): &(), _: &Answer) -> Option<Keep> {
        Some(Keep::new(TTL).stale_while_revalidate(TTL))
    }

    fn share(&self, res: &Answer) -> Option<Stored> {
        Some(Stored(res.0, res.1))
    }

    fn restore(&self, value: Stored, status: CacheStatus) -> Option<Result<Answer, BoxError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Some(Ok((value.0, value.1, status)))
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_the_remote_store_brings_in_the_background_is_no_hit() {
    let remote = Elsewhere::new(DELAY);
    let restored = Arc::new(AtomicU64::new(0));
    let near = || MemoryStore::new(100);
    let layer =
        ResponseCacheLayer::with_remote(Lasting(Arc::clone(&restored)), near(), remote.clone());
    let mut old = layer.layer(Numbered(1));
    soon(old.call(7)).await.unwrap();
    written().await;
    sleep(TTL).await;
    // Another process refreshes what both have.
    let policy = Lasting(Arc::default());
    let mut other = ResponseCacheLayer::with_remote(policy, near(), remote).layer(Numbered(2));
    assert_eq!(soon(other.call(7)).await.unwrap().2, CacheStatus::Stale);
    sleep(CALL).await;
    written().await;
    let stale = soon(old.call(7)).await.unwrap();
    assert_eq!(stale, (7, 1, CacheStatus::Stale));
    written().await;
    let snapshot = layer.handle().snapshot();
    assert_eq!(
        (snapshot.stale, snapshot.hits, snapshot.revalidations),
        (1, 0, 0)
    );
    assert_eq!(restored.load(Ordering::Relaxed), 1);
    let fresh = soon(old.call(7)).await.unwrap();
    assert_eq!(fresh, (7, 2, CacheStatus::Hit));
}
