//! Processes that share calls, and hear what others invalidate.

mod support;

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use support::{fleet::Fleet, others_run, soon};
use tokio::time::{Instant, advance, sleep};
use tower::{BoxError, Layer, ServiceExt, util::BoxCloneService};
use tower_response_cache::{
    CacheStatus, Handle, Keep, Lookup, MemoryStore, Outdated, Policy, ResponseCacheLayer,
};

const SECOND: Duration = Duration::from_secs(1);

/// What comes before a space is the key, and the answer has the tag `red`.
struct Rules;

impl Policy<String, u64, BoxError> for Rules {
    type Key = String;
    type Value = u64;
    type Context = ();

    fn lookup(&self, req: &String) -> Lookup<String> {
        Lookup::Use(req.split(' ').next().expect("a word").to_owned())
    }

    fn context(&self, _: &String) {}

    fn keep(&self, (): &(), _: &u64) -> Option<Keep> {
        Some(Keep::new(3600 * SECOND).with_tags(["red"]))
    }

    fn share(&self, res: &u64) -> Option<u64> {
        Some(*res)
    }

    fn restore(&self, value: u64, _: CacheStatus) -> Option<Result<u64, BoxError>> {
        Some(Ok(value))
    }
}

struct Process {
    service: BoxCloneService<String, u64, BoxError>,
    handle: Handle<String, u64>,
}

impl Process {
    /// One whose calls take a second, fail, or hang, as the request says.
    fn new(fleet: &Fleet, calls: &Arc<AtomicU64>, wait: Duration) -> Self {
        let layer = ResponseCacheLayer::with_remote(Rules, MemoryStore::new(100), fleet.clone());
        let layer = layer.remote_flights(wait);
        let calls = Arc::clone(calls);
        let inner = tower::service_fn(move |req: String| {
            let number = calls.fetch_add(1, Ordering::SeqCst) + 1;
            async move {
                sleep(SECOND).await;
                match req.split(' ').nth(1) {
                    Some("fails") => Err(BoxError::from("it fails")),
                    Some("hangs") => pending().await,
                    _ => Ok(number),
                }
            }
        });
        Self {
            handle: layer.handle(),
            service: BoxCloneService::new(layer.layer(inner)),
        }
    }

    async fn ask(&self, req: &str) -> Result<u64, BoxError> {
        soon(self.service.clone().oneshot(req.to_owned())).await
    }
}

fn two(wait: Duration) -> (Fleet, Arc<AtomicU64>, [Process; 2]) {
    let (fleet, calls) = (Fleet::default(), Arc::default());
    let processes = [(); 2].map(|()| Process::new(&fleet, &calls, wait));
    (fleet, calls, processes)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn other_process_waits_for_the_answer_and_asks_for_it_a_bounded_number_of_times() {
    let (fleet, calls, [one, two]) = two(10 * SECOND);
    let (first, second) = tokio::join!(one.ask("a"), two.ask("a"));
    assert_eq!((first.unwrap(), second.unwrap()), (1, 1));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert!(!fleet.is_led("a"), "the lead is given back");
    assert_eq!(two.handle.snapshot().remote.waits, 1);
    assert!(fleet.asked.load(Ordering::SeqCst) < 25, "{:?}", fleet.asked);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn other_process_calls_after_a_failure_and_after_a_caller_that_left() {
    let (_, calls, [one, two]) = two(10 * SECOND);
    let began = Instant::now();
    let (first, second) = tokio::join!(one.ask("a fails"), two.ask("a"));
    assert!(first.is_err());
    assert_eq!(second.unwrap(), 2);
    // Both calls, and a fifth of the first one until its end is seen: not the longest wait.
    assert!(began.elapsed() <= 9 * SECOND / 4, "{:?}", began.elapsed());
    let leaving = tokio::spawn(one.service.clone().oneshot("b hangs".to_owned()));
    others_run().await;
    leaving.abort();
    others_run().await;
    let began = Instant::now();
    assert_eq!(two.ask("b").await.unwrap(), 4);
    assert_eq!(began.elapsed().as_secs(), 1, "its own call alone");
    assert_eq!(calls.load(Ordering::SeqCst), 4);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn wait_is_no_longer_than_the_knob_says_nor_than_calls_take() {
    let (fleet, _, [one, _]) = two(10 * SECOND);
    for (key, wait) in [("a", 10 * SECOND), ("b", SECOND)] {
        // By a process that never ends its call.
        fleet.lead(key);
        let began = Instant::now();
        one.ask(key).await.unwrap();
        // And its own call.
        assert_eq!(
            began.elapsed().as_secs(),
            (wait + SECOND).as_secs(),
            "{key}"
        );
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn without_a_wait_each_process_calls_at_once_and_none_leads() {
    let (fleet, calls, [one, two]) = two(Duration::ZERO);
    let (first, second) = tokio::join!(one.ask("a"), two.ask("a"));
    assert_eq!(first.unwrap() + second.unwrap(), 3);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert_eq!(fleet.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn what_another_process_invalidates_leaves_memory_and_calls_under_way_are_not_stored() {
    let (fleet, calls, [one, _]) = two(10 * SECOND);
    let key = "a".to_owned();
    for what in [Outdated::Key(&key), Outdated::Tag("red"), Outdated::All] {
        one.ask("a").await.unwrap();
        assert_eq!(one.handle.snapshot().store.entries, 1);
        fleet.tell(what);
        assert_eq!(one.handle.snapshot().store.entries, 0, "{what:?}");
        one.handle.clear().await.unwrap();
        let under_way = tokio::spawn(one.service.clone().oneshot("a".to_owned()));
        others_run().await;
        fleet.tell(what);
        under_way.await.unwrap().unwrap();
        others_run().await;
        assert_eq!(one.handle.snapshot().store.entries, 0, "{what:?}");
        one.handle.clear().await.unwrap();
    }
    assert_eq!(calls.load(Ordering::SeqCst), 6);
    // A tag that it does not have.
    one.ask("a").await.unwrap();
    fleet.tell(Outdated::Tag("blue"));
    assert_eq!(one.handle.snapshot().store.entries, 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn one_task_listens_for_as_long_as_the_cache_lives() {
    let (fleet, _, [one, two]) = two(10 * SECOND);
    assert_eq!(fleet.ears(), 0);
    for _ in 0..3 {
        one.ask("a").await.unwrap();
        two.ask("a").await.unwrap();
    }
    assert_eq!(fleet.ears(), 2);
    drop(one);
    others_run().await;
    assert_eq!(fleet.ears(), 1);
    drop(two);
    others_run().await;
    assert_eq!(fleet.ears(), 0);
    // There is nothing to forget any more.
    fleet.tell(Outdated::All);
}

#[test]
fn next_runtime_listens_anew_and_has_forgotten_all() {
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap()
    };
    let (fleet, calls, [one, _]) = two(10 * SECOND);
    runtime().block_on(async {
        one.ask("a").await.unwrap();
        others_run().await;
    });
    assert_eq!(fleet.ears(), 0, "its task is gone");
    runtime().block_on(async {
        // From the remote store, not from memory.
        assert_eq!(one.ask("a").await.unwrap(), 1);
        assert_eq!(one.handle.snapshot().remote.hits, 1);
        assert_eq!(one.ask("a").await.unwrap(), 1);
        assert_eq!(one.handle.snapshot().remote.hits, 1);
        others_run().await;
        assert_eq!(fleet.ears(), 1);
    });
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn store_that_fails_again_and_again_is_asked_now_and_then() {
    use support::elsewhere::Elsewhere;
    let remote = Elsewhere::new(Duration::from_secs(60));
    let layer = ResponseCacheLayer::with_remote(Rules, MemoryStore::new(1000), remote.clone());
    let handle = layer.handle();
    let service = layer.layer(tower::service_fn(|_: String| async {
        Ok::<_, BoxError>(1)
    }));
    let began = Instant::now();
    let mut keys = (0..).map(|i| format!("{i}"));
    for key in keys.by_ref().take(100) {
        soon(service.clone().oneshot(key)).await.unwrap();
    }
    // Each limit is a second: three, and one that looks whether it is over.
    assert!(began.elapsed() <= 4 * SECOND, "{:?}", began.elapsed());
    assert!(handle.snapshot().remote.not_asked > 90);
    remote.set_delay(Duration::ZERO);
    // Whoever is first, a write perhaps, finds that it is over.
    advance(5 * SECOND).await;
    soon(service.clone().oneshot("first".to_owned()))
        .await
        .unwrap();
    sleep(SECOND).await;
    let before = handle.snapshot().remote;
    for key in keys.take(10) {
        soon(service.clone().oneshot(key)).await.unwrap();
    }
    let after = handle.snapshot().remote;
    assert_eq!(
        (after.misses - before.misses, after.not_asked),
        (10, before.not_asked)
    );
}
