//! Many threads at one circuit.

use std::future::{Ready, ready};
use std::task::{Context, Poll};
use std::thread;

use futures_util::FutureExt;
use tower::{Layer, Service};
use tower_circuit_breaker::{CircuitBreakerLayer, Open, State, Verdict, Window};

const THREADS: u64 = 8;
const CALLS: u64 = 2_000;

/// Succeeds or fails as the request asks.
#[derive(Clone)]
struct Obedient;

#[derive(Debug, PartialEq)]
enum Refused {
    AsAsked,
    Open,
}

impl From<Open> for Refused {
    fn from(_: Open) -> Self {
        Self::Open
    }
}

impl Service<bool> for Obedient {
    type Response = ();
    type Error = Refused;
    type Future = Ready<Result<(), Refused>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Refused>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, well: bool) -> Self::Future {
        ready(if well { Ok(()) } else { Err(Refused::AsAsked) })
    }
}

fn classify(result: &Result<(), Refused>) -> Verdict {
    match result {
        Ok(()) => Verdict::Success,
        Err(_) => Verdict::Failure,
    }
}

/// A call of its own clone, as servers make it.
fn call<S>(service: &S, well: bool) -> Result<(), Refused>
where
    S: Service<bool, Response = (), Error = Refused> + Clone,
{
    let answer = service.clone().call(well).now_or_never();
    answer.expect("the inner service is ready")
}

#[test]
fn no_result_is_lost_whatever_thread_it_comes_from() {
    let layer = CircuitBreakerLayer::new(classify)
        .failure_rate(1.0, Window::calls((THREADS * CALLS) as u32));
    let service = layer.layer(Obedient);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for n in 0..CALLS {
                    // One in ten fails.
                    let _ = call(&service, n % 10 != 0);
                }
            });
        }
    });
    let snapshot = layer.handle().snapshot();
    assert_eq!(snapshot.calls, THREADS * CALLS);
    assert_eq!(snapshot.failures, THREADS * CALLS / 10);
}

#[test]
fn a_trip_is_seen_by_all_threads() {
    let layer = CircuitBreakerLayer::new(classify).consecutive_failures(1);
    let service = layer.layer(Obedient);
    let everywhere = |expected: &Result<(), Refused>| {
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| assert_eq!(call(&service, true), *expected));
            }
        });
    };
    everywhere(&Ok(()));
    call(&service, false).unwrap_err();
    assert_eq!(layer.handle().state(), State::Open);
    everywhere(&Err(Refused::Open));
    layer.handle().reset();
    everywhere(&Ok(()));
}
