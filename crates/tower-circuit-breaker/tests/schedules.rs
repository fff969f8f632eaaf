//! Whatever the calls, cancellations, panics and steps of the clock: no probe is lost, and the
//! circuit closes again once the service is well.
//!
//! `SCHEDULES=1000000 cargo test --release --test schedules` tries more of them.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::noop_waker;
use tower::{Layer, Service};
use tower_circuit_breaker::{
    Abandoned, CircuitBreakerLayer, Classify, Open, Outcome, ResponseFuture, State, Throttles,
    Verdict, Window,
};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
enum Step {
    Hang,
    Answer(Verdict),
    /// A response that goes on.
    Begin,
    Panic,
}

/// What tells the end of a response that goes on.
#[derive(Default)]
struct Response(Option<Outcome>);

enum Fault {
    Rejected,
    Said(Verdict),
}

impl From<Open> for Fault {
    fn from(_: Open) -> Self {
        Self::Rejected
    }
}

#[derive(Clone)]
struct BySaying;

impl Classify<Response, Fault> for BySaying {
    fn classify(&self, result: &Result<Response, Fault>) -> Verdict {
        match result {
            Ok(_) => Verdict::Success,
            Err(Fault::Said(verdict)) => *verdict,
            Err(Fault::Rejected) => unreachable!("the inner service never rejects"),
        }
    }

    fn later(&self, result: &mut Result<Response, Fault>, outcome: Outcome) {
        *result = Ok(Response(Some(outcome)));
    }
}

/// The inner service: each request carries what its call does next.
#[derive(Clone)]
struct Puppet {
    ready: Rc<Cell<Step>>,
}

struct Act(Rc<Cell<Step>>);

fn act(step: Step) -> Poll<Result<Response, Fault>> {
    match step {
        Step::Hang => Poll::Pending,
        Step::Answer(Verdict::Success) => Poll::Ready(Ok(Response::default())),
        Step::Begin => act(Step::Answer(Verdict::Later)),
        Step::Answer(verdict) => Poll::Ready(Err(Fault::Said(verdict))),
        // As a panic, but without its message.
        Step::Panic => resume_unwind(Box::new(())),
    }
}

impl Future for Act {
    type Output = Result<Response, Fault>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        act(self.0.get())
    }
}

impl Service<Rc<Cell<Step>>> for Puppet {
    type Response = Response;
    type Error = Fault;
    type Future = Act;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        act(self.ready.get()).map_ok(drop)
    }

    fn call(&mut self, request: Rc<Cell<Step>>) -> Act {
        Act(request)
    }
}

type Call = Pin<Box<ResponseFuture<Puppet, Rc<Cell<Step>>, BySaying>>>;

fn pick<T: Copy>(rng: &mut fastrand::Rng, choices: &[T]) -> T {
    choices[rng.usize(..choices.len())]
}

fn step(rng: &mut fastrand::Rng) -> Step {
    let hint = pick(rng, &[None, Some(SECOND), Some(100 * SECOND)]);
    let retry_after = hint;
    match rng.u8(..15) {
        0..3 => Step::Answer(Verdict::Success),
        3..7 => Step::Answer(Verdict::Failure),
        7 => Step::Answer(Verdict::Throttled { retry_after }),
        8 => Step::Answer(Verdict::Exhausted { retry_after }),
        9 => Step::Answer(Verdict::Ignored),
        10 => Step::Panic,
        11..14 => Step::Begin,
        _ => Step::Hang,
    }
}

async fn schedule(seed: u64) {
    let rng = &mut fastrand::Rng::with_seed(seed);
    let probes = rng.u32(1..4);
    let mut layer = CircuitBreakerLayer::new(BySaying)
        .probes(probes)
        .probe_lease(pick(rng, &[SECOND, 20 * SECOND, 3600 * SECOND]))
        .abandoned(pick(rng, &[Abandoned::Ignored, Abandoned::Failure]))
        .throttles(pick(rng, &[Throttles::Ignored, Throttles::Failure]))
        .seed(seed);
    if rng.bool() {
        layer = layer.consecutive_failures(rng.u32(1..4));
    }
    if rng.bool() {
        layer = layer.failure_rate(0.5, Window::calls(rng.u32(1..20)));
    }
    if rng.bool() {
        let window = Window::time(pick(rng, &[SECOND, 30 * SECOND]));
        layer = layer.slow_calls(5 * SECOND, 0.3, window.minimum(2));
    }
    let ready = Rc::new(Cell::new(Step::Answer(Verdict::Success)));
    let mut service = layer.layer(Puppet {
        ready: Rc::clone(&ready),
    });
    let circuit = layer.handle();
    let waker = noop_waker();
    let cx = &mut Context::from_waker(&waker);
    let mut begun = Vec::new();
    let mut poll = |call: &mut Call, begun: &mut Vec<Outcome>| {
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
        let is_over = !matches!(polled, Ok(Poll::Pending));
        if let Ok(Poll::Ready(Ok(response))) = polled {
            begun.extend(response.0);
        }
        is_over
    };

    let mut calls = Vec::new();
    for _ in 0..rng.usize(..80) {
        match rng.u8(..10) {
            0..4 => {
                let plan = Rc::new(Cell::new(if rng.bool() { Step::Hang } else { step(rng) }));
                let mut call = Box::pin(service.call(Rc::clone(&plan)));
                if rng.u8(..8) == 0 || !poll(&mut call, &mut begun) {
                    calls.push((call, plan));
                }
            }
            4..6 if !calls.is_empty() => {
                let (mut call, plan) = calls.swap_remove(rng.usize(..calls.len()));
                plan.set(step(rng));
                if !poll(&mut call, &mut begun) {
                    calls.push((call, plan));
                }
            }
            6 if !begun.is_empty() && rng.bool() => {
                let outcome: Outcome = begun.swap_remove(rng.usize(..begun.len()));
                // Half of them are dropped.
                if let Step::Answer(verdict) = step(rng) {
                    outcome.record(verdict);
                }
            }
            6 if !calls.is_empty() => drop(calls.swap_remove(rng.usize(..calls.len()))),
            7 => {
                let any = step(rng);
                ready.set(pick(
                    rng,
                    &[Step::Hang, Step::Answer(Verdict::Success), any],
                ));
            }
            8 if rng.u8(..10) == 0 => match rng.u8(..3) {
                0 => circuit.force_open_for(10 * SECOND),
                1 => circuit.reset(),
                _ => circuit.force_closed(),
            },
            _ => tokio::time::advance(SECOND * rng.u32(..30)).await,
        }
        assert!(circuit.snapshot().probes <= probes as usize, "seed {seed}");
    }
    if circuit.snapshot().forced {
        circuit.reset();
    }

    // Half of the schedules leave their calls hanging for good, and all their responses.
    if rng.bool() {
        calls.clear();
        assert_eq!(circuit.snapshot().probes, 0, "seed {seed}: a probe is lost");
    }
    ready.set(Step::Answer(Verdict::Success));
    tokio::time::advance(2 * 3600 * SECOND).await;
    for _ in 0..probes {
        let plan = Rc::new(Cell::new(Step::Answer(Verdict::Success)));
        let mut call = Box::pin(service.call(plan));
        assert!(poll(&mut call, &mut begun), "seed {seed}");
    }
    assert_eq!(circuit.state(), State::Closed, "seed {seed}: stuck");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn no_schedule_loses_a_probe_or_leaves_the_circuit_stuck() {
    let schedules = std::env::var("SCHEDULES").map_or(3_000, |number| {
        number.parse().expect("SCHEDULES is a number")
    });
    for seed in 0..schedules {
        schedule(seed).await;
    }
}
