//! Processes that share a remote store: what is invalidated by one is not brought back by another.

mod support;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};
use std::time::Duration;

use proptest::{collection::vec, prelude::*, sample::select};
use support::{ordered::Ordered, others_run, soon};
use tokio::time::{Instant, advance, sleep};
use tower::{BoxError, Layer, Service, util::BoxCloneService};
use tower_response_cache::{
    CacheStatus, Codec, Handle, Invalidation, Keep, Lookup, MemoryStore, Policy, ResponseCacheLayer,
};

const MS: Duration = Duration::from_millis(1);

/// The number of the call, later calls having larger ones.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Answer(u64);

impl Codec for Answer {
    fn encode(&self) -> Option<Vec<u8>> {
        Some(self.0.to_le_bytes().to_vec())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self(u64::from_le_bytes(bytes.try_into().ok()?)))
    }
}

/// Answers to even keys have the tag `even`.
struct Rules;

impl Policy<u64, Answer, BoxError> for Rules {
    type Key = u64;
    type Value = Answer;
    type Context = u64;

    fn lookup(&self, req: &u64) -> Lookup<u64> {
        Lookup::Use(*req)
    }

    fn context(&self, req: &u64) -> u64 {
        *req
    }

    fn keep(&self, req: &u64, _: &Answer) -> Option<Keep> {
        let tags = (req % 2 == 0).then_some("even");
        Some(Keep::new(Duration::from_secs(3600)).with_tags(tags))
    }

    fn share(&self, res: &Answer) -> Option<Answer> {
        Some(*res)
    }

    fn restore(&self, value: Answer, _: CacheStatus) -> Option<Result<Answer, BoxError>> {
        Some(Ok(value))
    }
}

/// What the service was asked, and how long its next answers take.
#[derive(Clone, Default)]
struct Source {
    calls: Arc<AtomicU64>,
    delays: Arc<Mutex<Vec<Duration>>>,
}

struct Process {
    service: BoxCloneService<u64, Answer, BoxError>,
    handle: Handle<u64, Answer>,
}

impl Process {
    fn new(remote: &Ordered, source: &Source) -> Self {
        let layer = ResponseCacheLayer::with_remote(Rules, MemoryStore::new(100), remote.clone());
        let source = source.clone();
        let inner = tower::service_fn(move |_: u64| {
            let call = source.calls.fetch_add(1, Ordering::Relaxed);
            let delay = source.delays.lock().expect("no panic").pop();
            async move {
                sleep(delay.unwrap_or_default()).await;
                Ok::<_, BoxError>(Answer(call))
            }
        });
        Self {
            service: BoxCloneService::new(layer.layer(inner)),
            handle: layer.handle(),
        }
    }

    fn ask(&self, key: u64) -> impl Future<Output = u64> + Send + 'static + use<> {
        let mut service = self.service.clone();
        async move { service.call(key).await.expect("it never fails").0 }
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_of_another_process_that_lands_after_the_invalidation_is_refused() {
    type Forget = fn(&Handle<u64, Answer>) -> Invalidation;
    let ways: [Forget; 3] = [
        |handle| handle.invalidate(&2),
        |handle| handle.invalidate_tag("even"),
        Handle::clear,
    ];
    for (forget, order) in ways.into_iter().flat_map(|way| [(way, true), (way, false)]) {
        let remote = if order {
            Ordered::new()
        } else {
            Ordered::without_order()
        };
        let source = Source::default();
        let [first, second] = [(); 2].map(|()| Process::new(&remote, &source));
        // It reads at once, and its write takes 100 ms.
        remote.delay([Duration::ZERO, MS * 100]);
        assert_eq!(soon(second.ask(2)).await, 0);
        others_run().await;
        assert_eq!(soon(forget(&first.handle)).await, Ok(()));
        sleep(MS * 100).await;
        others_run().await;
        // Without order, the answer of before the invalidation is there.
        let third = Process::new(&remote, &source);
        assert_eq!(soon(third.ask(2)).await, u64::from(order));
        others_run().await;
        // The process that was refused gives it to nobody either.
        assert_eq!(soon(second.ask(2)).await, u64::from(order));
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn answer_to_an_earlier_call_does_not_replace_that_of_another_process() {
    let (remote, source) = (Ordered::new(), Source::default());
    let [first, second] = [(); 2].map(|()| Process::new(&remote, &source));
    remote.delay([Duration::ZERO, MS * 100]);
    assert_eq!(soon(first.ask(1)).await, 0);
    others_run().await;
    assert_eq!(soon(second.ask(1)).await, 1);
    sleep(MS * 100).await;
    others_run().await;
    for process in [&first, &second, &Process::new(&remote, &source)] {
        assert_eq!(soon(process.ask(1)).await, 1);
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn calls_after_the_invalidation_are_taken() {
    let (remote, source) = (Ordered::new(), Source::default());
    let [first, second] = [(); 2].map(|()| Process::new(&remote, &source));
    soon(first.handle.clear()).await.unwrap();
    soon(first.handle.invalidate(&2)).await.unwrap();
    soon(first.handle.invalidate_tag("even")).await.unwrap();
    assert_eq!(soon(first.ask(2)).await, 0);
    others_run().await;
    assert_eq!(soon(second.ask(2)).await, 0);
}

#[derive(Clone, Debug)]
enum Step {
    /// One of three processes asks for one of three keys.
    Ask(usize, u64),
    Invalidate(usize, u64),
    InvalidateTag(usize),
    Clear(usize),
    Advance(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let (process, key) = (0..3_usize, 0..3_u64);
    prop_oneof![
        6 => (process.clone(), key.clone()).prop_map(|(process, key)| Step::Ask(process, key)),
        2 => (process.clone(), key).prop_map(|(process, key)| Step::Invalidate(process, key)),
        1 => process.clone().prop_map(Step::InvalidateTag),
        1 => process.prop_map(Step::Clear),
        4 => (1..60_u8).prop_map(Step::Advance),
    ]
}

/// The plainest model: for each key the number of the call from which on answers are not invalidated.
type Oldest = Arc<Mutex<[u64; 3]>>;

fn raise(oldest: &Oldest, keys: &[u64], floor: u64) {
    let mut oldest = oldest.lock().expect("no panic");
    for key in keys {
        let own = &mut oldest[*key as usize];
        *own = floor.max(*own);
    }
}

async fn run(steps: Vec<Step>, delays: Vec<u64>) {
    let (remote, source) = (Ordered::new(), Source::default());
    remote.delay(delays.iter().map(|ms| MS * (*ms as u32)));
    let times = delays.iter().rev().map(|ms| MS * (*ms as u32));
    *source.delays.lock().expect("no panic") = times.collect();
    let processes = [(); 3].map(|()| Process::new(&remote, &source));
    // What has been invalidated with `Ok`, and what each process has begun to invalidate.
    let everywhere = Oldest::default();
    let own = [(); 3].map(|()| Oldest::default());
    let mut tasks = Vec::new();
    for step in steps {
        let invalidate = |process: usize, keys: &'static [u64], rest: Invalidation| {
            let floor = source.calls.load(Ordering::Relaxed);
            raise(&own[process], keys, floor);
            let everywhere = Arc::clone(&everywhere);
            tokio::spawn(async move {
                rest.await.expect("the store does not fail");
                raise(&everywhere, keys, floor);
            })
        };
        const KEYS: [&[u64]; 3] = [&[0], &[1], &[2]];
        let handle = |process: usize| &processes[process].handle;
        match step {
            Step::Ask(process, key) => {
                let at_least = own[process].lock().expect("no panic")[key as usize];
                let answer = processes[process].ask(key);
                tasks.push(tokio::spawn(async move {
                    let call = answer.await;
                    assert!(
                        call >= at_least,
                        "{call} of {key}, invalidated here before {at_least}"
                    );
                }));
                // A process that has just started has what the store has.
                let at_least = everywhere.lock().expect("no panic")[key as usize];
                let answer = Process::new(&remote, &source).ask(key);
                tasks.push(tokio::spawn(async move {
                    let call = answer.await;
                    assert!(
                        call >= at_least,
                        "{call} of {key}, invalidated before {at_least}"
                    );
                }));
            }
            Step::Invalidate(process, key) => {
                let rest = handle(process).invalidate(&key);
                tasks.push(invalidate(process, KEYS[key as usize], rest));
            }
            Step::InvalidateTag(process) => {
                let rest = handle(process).invalidate_tag("even");
                tasks.push(invalidate(process, &[0, 2], rest));
            }
            Step::Clear(process) => {
                let rest = handle(process).clear();
                tasks.push(invalidate(process, &[0, 1, 2], rest));
            }
            Step::Advance(ms) => {
                others_run().await;
                advance(MS * ms.into()).await;
                others_run().await;
            }
        }
    }
    let start = Instant::now();
    for task in tasks {
        soon(task)
            .await
            .expect("no answer is older than an invalidation");
    }
    assert!(start.elapsed() < Duration::from_secs(60), "nothing hangs");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_invalidated_stays_so_in_every_order_of_writes(
        steps in vec(step(), 1..40),
        delays in vec(select(&[0, 1, 5, 20, 50, 100, 300][..]), 0..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a timer needs no rights");
        runtime.block_on(run(steps, delays));
    }
}
