use std::{
    future::Future,
    hint::black_box,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use allocation_counter::opt_out;
use clap::ValueEnum;
use serde::Serialize;
use tokio::time::Instant;
use tower::Service;

/// Enough that what happens once in a while shows as a fraction.
const ALLOCATION_CALLS: u32 = 1000;

/// Whose code is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Implementation {
    Ours,
    Bare,
    Tower,
    TowerResilience,
    Sdk,
}

/// One implementation of a case: makes so many calls and tells how long they took.
pub(crate) struct Candidate {
    pub(crate) implementation: Implementation,
    run: Box<dyn FnMut(u32) -> Duration>,
    allocs: f64,
    /// How many times the calls of a round it makes.
    share: f64,
    /// How many parts of each call what is told is of.
    parts: f64,
}

/// What one call costs.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) case: &'static str,
    #[serde(rename = "impl")]
    pub(crate) implementation: Implementation,
    pub(crate) ns: f64,
    pub(crate) allocs: f64,
}

impl Candidate {
    /// One thread calls `service`.
    pub(crate) fn new<S>(implementation: Implementation, mut service: S) -> Self
    where
        S: Service<u64, Response = u64> + 'static,
    {
        Self {
            implementation,
            allocs: allocations(&mut service),
            run: Box::new(move |calls| time(&mut service, calls)),
            share: 1.0,
            parts: 1.0,
        }
    }

    /// Two threads call clones of `service` at once; the time is what each of them sees.
    pub(crate) fn on_two_threads<S>(implementation: Implementation, mut service: S) -> Self
    where
        S: Service<u64, Response = u64> + Clone + Send + 'static,
    {
        Self {
            implementation,
            allocs: allocations(&mut service),
            run: Box::new(move |calls| {
                let waiting = AtomicU32::new(2);
                let run = |mut service: S| {
                    waiting.fetch_sub(1, Ordering::Relaxed);
                    while waiting.load(Ordering::Relaxed) > 0 {
                        thread::yield_now();
                    }
                    time(&mut service, calls)
                };
                let clones = [service.clone(), service.clone()];
                let total: Duration = thread::scope(|scope| {
                    clones
                        .map(|clone| scope.spawn(|| run(clone)))
                        .map(|thread| thread.join().expect("no call panics"))
                        .iter()
                        .sum()
                });
                total / 2
            }),
            // Long beside the time that it takes to start a thread.
            share: 5.0,
            parts: 1.0,
        }
    }

    /// One thread runs `call`, each time with something new of `make`'s, which takes no time.
    pub(crate) fn given<T>(
        implementation: Implementation,
        make: impl Fn() -> T + 'static,
        mut call: impl FnMut(T) + 'static,
    ) -> Self {
        // Few enough to stay in the processor's caches.
        const AT_ONCE: u32 = 8;
        let mut allocations = 0;
        for _ in 0..ALLOCATION_CALLS / AT_ONCE {
            let given: Vec<T> = (0..AT_ONCE).map(|_| make()).collect();
            let info = allocation_counter::measure(|| given.into_iter().for_each(&mut call));
            allocations += info.count_total;
        }
        Self {
            implementation,
            allocs: allocations as f64 / f64::from(ALLOCATION_CALLS),
            run: Box::new(move |calls| {
                let mut spent = Duration::ZERO;
                opt_out(|| {
                    for first in (0..calls).step_by(AT_ONCE as usize) {
                        let count = AT_ONCE.min(calls - first);
                        let given: Vec<T> = (0..count).map(|_| make()).collect();
                        let start = Instant::now();
                        given.into_iter().for_each(&mut call);
                        spent += start.elapsed();
                    }
                });
                spent
            }),
            share: 1.0,
            parts: 1.0,
        }
    }

    /// Makes this share of a round's calls, where each takes long.
    pub(crate) fn share(mut self, share: f64) -> Self {
        self.share = share;
        self
    }

    /// Tells of one of so many parts of each call.
    pub(crate) fn per(mut self, parts: f64) -> Self {
        self.parts = parts;
        self.allocs /= parts;
        self
    }

    fn round(&mut self, calls: u32) -> f64 {
        let calls = (f64::from(calls) * self.share).max(1.0) as u32;
        (self.run)(calls).as_nanos() as f64 / f64::from(calls) / self.parts
    }
}

/// Measures the candidates in turn, round by round, so that what disturbs the machine disturbs
/// them all; the median round counts.
pub(crate) fn rows(
    mut candidates: Vec<(&'static str, Candidate)>,
    rounds: u32,
    calls: u32,
) -> Vec<Row> {
    let mut times = vec![Vec::new(); candidates.len()];
    for _ in 0..rounds {
        for ((_, candidate), times) in candidates.iter_mut().zip(&mut times) {
            times.push(candidate.round(calls));
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let rows = candidates.into_iter().zip(times);
    rows.map(|((case, candidate), times)| Row {
        case,
        implementation: candidate.implementation,
        ns: (median(times) * 10.0).round() / 10.0,
        allocs: candidate.allocs,
    })
    .collect()
}

/// Polls by hand; a call that waits, as the peer's do for each other's locks, parks the thread.
pub(crate) struct Caller {
    waker: Waker,
}

impl Caller {
    /// For the current thread.
    pub(crate) fn new() -> Self {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        Self { waker }
    }

    #[inline(always)]
    pub(crate) fn call<S>(&self, service: &mut S, request: u64)
    where
        S: Service<u64, Response = u64>,
    {
        let mut cx = Context::from_waker(&self.waker);
        assert!(matches!(service.poll_ready(&mut cx), Poll::Ready(Ok(()))));
        let mut future = pin!(service.call(black_box(request)));
        loop {
            match black_box(future.as_mut().poll(&mut cx)) {
                Poll::Ready(answer) => return assert!(answer.is_ok()),
                Poll::Pending => thread::park(),
            }
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[inline(never)]
fn time<S>(service: &mut S, calls: u32) -> Duration
where
    S: Service<u64, Response = u64>,
{
    let caller = Caller::new();
    let mut spent = Duration::ZERO;
    // Counting the peers' allocations would count against their time.
    opt_out(|| {
        let start = Instant::now();
        for request in 0..calls {
            caller.call(service, request.into());
        }
        spent = start.elapsed();
    });
    spent
}

/// Allocations per call, after the first calls of a service.
fn allocations<S>(service: &mut S) -> f64
where
    S: Service<u64, Response = u64>,
{
    let caller = Caller::new();
    (0..10).for_each(|request| caller.call(service, request));
    let info = allocation_counter::measure(|| {
        (0..ALLOCATION_CALLS).for_each(|request| caller.call(service, request.into()));
    });
    info.count_total as f64 / f64::from(ALLOCATION_CALLS)
}
