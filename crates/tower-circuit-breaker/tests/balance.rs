//! Circuits under what chooses among backends by their load.

mod support;

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use support::{SECOND, soon};
use tokio::time::Instant;
use tower::balance::p2c::Balance;
use tower::discover::ServiceList;
use tower::load::{CompleteOnResponse, Load, PendingRequests};
use tower::util::BoxCloneService;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tower_circuit_breaker::{CircuitBreaker, CircuitBreakerLayer, Loaded, Open, State, Verdict};

type Health = fn(&Result<u32, BoxError>) -> Verdict;
type Breaker = CircuitBreakerLayer<Health>;
type Layered = PendingRequests<CircuitBreaker<BoxCloneService<u32, u32, BoxError>, Health>>;

fn breaker() -> Breaker {
    let health: Health = |result| match result {
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Failure,
    };
    // A rule that trips early, as another backend takes over.
    CircuitBreakerLayer::new(health)
        .consecutive_failures(5)
        .open_for(5 * SECOND, 5 * SECOND)
        .ramp(Duration::ZERO)
}

/// Takes 20 ms, and fails while it is broken.
#[derive(Debug)]
struct Backend {
    broken: AtomicBool,
    calls: AtomicUsize,
}

impl Backend {
    fn new(broken: bool) -> Arc<Self> {
        Arc::new(Self {
            broken: AtomicBool::new(broken),
            calls: AtomicUsize::new(0),
        })
    }

    fn behind(self: &Arc<Self>, breaker: &Breaker) -> Layered {
        let backend = Arc::clone(self);
        let service = service_fn(move |request| {
            let backend = Arc::clone(&backend);
            async move {
                backend.calls.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(SECOND / 50).await;
                if backend.broken.load(Ordering::Relaxed) {
                    return Err(BoxError::from("broken"));
                }
                Ok(request)
            }
        });
        let service = breaker.layer(service.boxed_clone());
        PendingRequests::new(service, CompleteOnResponse::default())
    }

    fn loaded(self: &Arc<Self>, breaker: &Breaker) -> Loaded<Layered> {
        Loaded::new(self.behind(breaker), breaker.handle())
    }
}

/// How many of the calls fail, ten at a time so that there is load to compare.
async fn failed<S>(backends: [S; 2], calls: u32) -> usize
where
    S: Service<u32, Response = u32, Error = BoxError> + Load + Debug,
    S::Future: Send + 'static,
    S::Metric: Debug,
{
    let mut balance = Balance::new(ServiceList::new(backends));
    let mut failed = 0;
    for _ in 0..calls / 10 {
        let mut calls = Vec::new();
        for request in 0..10 {
            let service = soon(ServiceExt::<u32>::ready(&mut balance)).await;
            let call = service.expect("one is well").call(request);
            calls.push(tokio::spawn(call));
            tokio::task::yield_now().await;
        }
        for call in calls {
            failed += usize::from(soon(call).await.expect("no panic").is_err());
        }
    }
    failed
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn next_to_no_call_goes_to_the_backend_that_is_broken() {
    let backends = || [Backend::new(true), Backend::new(false)];
    // Half of the calls without a breaker.
    let never = || breaker().consecutive_failures(u32::MAX);
    let behind = backends().map(|backend| backend.behind(&never()));
    assert_eq!(failed(behind, 1000).await, 500);
    // Most of them where the one that rejects is always ready: it has the least load.
    let behind = backends().map(|backend| backend.behind(&breaker()));
    let most = failed(behind, 1000).await;
    assert!(most > 800, "{most}");
    // Those that trip it.
    let behind = backends().map(|backend| backend.behind(&breaker().not_ready_while_open(true)));
    assert_eq!(failed(behind, 1000).await, 5);
    let loaded = backends().map(|backend| backend.loaded(&breaker()));
    assert_eq!(failed(loaded, 1000).await, 5);
}

/// What the broken backend gets of 1,000 calls after it was broken for 1,000 and left for 6 s.
async fn share_when_well_again<S>(
    not_ready: bool,
    with: impl Fn(&Arc<Backend>, &Breaker) -> S,
) -> usize
where
    S: Service<u32, Response = u32, Error = BoxError> + Load + Debug,
    S::Future: Send + 'static,
    S::Metric: Debug,
{
    let backends = [Backend::new(true), Backend::new(false)];
    let breakers = [(); 2].map(|()| breaker().not_ready_while_open(not_ready));
    let pair = || [0, 1].map(|n| with(&backends[n], &breakers[n]));
    assert_eq!(failed(pair(), 1000).await, 5);
    backends[0].broken.store(false, Ordering::Relaxed);
    tokio::time::sleep(6 * SECOND).await;
    let before = backends[0].calls.load(Ordering::Relaxed);
    assert_eq!(failed(pair(), 1000).await, 0);
    backends[0].calls.load(Ordering::Relaxed) - before
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_backend_that_is_well_again_gets_its_share() {
    let waiting = share_when_well_again(true, Backend::behind).await;
    let loaded = share_when_well_again(false, Backend::loaded).await;
    assert!(waiting > 450 && loaded > 450, "{waiting} {loaded}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn with_all_of_them_open_a_call_waits_or_fails() {
    let open = |not_ready| {
        let breaker = breaker().not_ready_while_open(not_ready);
        breaker.handle().force_open_for(10 * SECOND);
        (Backend::new(false), breaker)
    };
    let start = Instant::now();
    let pair = [open(true), open(true)].map(|(backend, breaker)| backend.behind(&breaker));
    let answer = soon(Balance::new(ServiceList::new(pair)).oneshot(7)).await;
    assert_eq!(answer.unwrap(), 7);
    assert_eq!(start.elapsed().as_secs(), 10);

    let start = Instant::now();
    let pair = [open(false), open(false)].map(|(backend, breaker)| backend.loaded(&breaker));
    let answer = soon(Balance::new(ServiceList::new(pair)).oneshot(7)).await;
    assert!(answer.unwrap_err().is::<Open>());
    assert_eq!(start.elapsed().as_secs(), 0);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_load_says_whether_the_next_call_would_be_rejected() {
    let breaker = breaker();
    let circuit = breaker.handle();
    let backend = Backend::new(false);
    let mut service = backend.loaded(&breaker);
    let rejects = |service: &Loaded<Layered>| service.load().0;
    assert!(!rejects(&service));
    circuit.force_open();
    assert!(rejects(&service));
    circuit.force_open_for(SECOND);
    assert!(rejects(&service));
    tokio::time::sleep(SECOND).await;
    assert!(!rejects(&service), "the next one is a probe");
    let probe = service.call(1);
    assert_eq!(circuit.state(), State::HalfOpen);
    assert!(rejects(&service));
    drop(probe);
    assert!(!rejects(&service));
    let probe = service.call(1);
    tokio::time::sleep(60 * SECOND).await;
    assert!(!rejects(&service), "its lease is over");
    soon(probe).await.unwrap();
    assert_eq!(circuit.state(), State::Closed);
    assert!(!rejects(&service));
}
