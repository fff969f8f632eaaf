//! Retries around a circuit breaker, in a tower stack that knows nothing of Bedrock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_backoff::{Backoff, BackoffLayer, Verdict};
use tower_circuit_breaker::{CircuitBreakerLayer, Open, State};

const SECOND: Duration = Duration::from_secs(1);

type Answer = Result<&'static str, BoxError>;

/// Fails `times` times, then answers.
fn fails(
    times: u32,
) -> (
    impl Service<(), Response = &'static str, Error = BoxError> + Clone,
    Arc<AtomicU32>,
) {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let service = service_fn(move |()| {
        let nth = counted.fetch_add(1, Ordering::Relaxed);
        let answer: Answer = if nth < times {
            Err("down".into())
        } else {
            Ok("up")
        };
        std::future::ready(answer)
    });
    (service, calls)
}

fn health(result: &Answer) -> tower_circuit_breaker::Verdict {
    use tower_circuit_breaker::Verdict;

    match result {
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Failure,
    }
}

fn open(result: &Answer) -> Option<&Open> {
    result.as_ref().err()?.downcast_ref()
}

#[tokio::test(start_paused = true)]
async fn backoff_can_wait_for_the_circuit() {
    let (service, calls) = fails(1);
    let breaker = CircuitBreakerLayer::new(health)
        .consecutive_failures(1)
        .open_for(SECOND, SECOND);
    let circuit = breaker.handle();
    let retry = BackoffLayer::new(|result: &Answer| match (result, open(result)) {
        (Ok(_), _) => Verdict::Done,
        (Err(_), None) => Verdict::transient(),
        (Err(_), Some(open)) => Verdict::rejected().retry_after(open.retry_after()),
    });
    let stack = ServiceBuilder::new()
        .layer(retry)
        .layer(breaker)
        .service(service);
    let start = Instant::now();
    assert_eq!(stack.oneshot(()).await.unwrap(), "up");
    assert!(start.elapsed() >= SECOND / 2, "{:?}", start.elapsed());
    assert_eq!(
        (calls.load(Ordering::Relaxed), circuit.state()),
        (2, State::Closed)
    );
}

#[tokio::test(start_paused = true)]
async fn backoff_can_fail_fast_while_the_circuit_is_open() {
    let (service, calls) = fails(u32::MAX);
    let breaker = CircuitBreakerLayer::new(health).consecutive_failures(2);
    let retry = BackoffLayer::new(|result: &Answer| match open(result) {
        None if result.is_err() => Verdict::transient(),
        _ => Verdict::Done,
    })
    .transient(Backoff::new(SECOND / 10, SECOND));
    let counts = retry.handle();
    let stack = ServiceBuilder::new()
        .layer(retry)
        .layer(breaker)
        .service(service);
    assert!(open(&stack.oneshot(()).await).is_some());
    // Two that failed, and the one that was rejected.
    assert_eq!(
        (calls.load(Ordering::Relaxed), counts.snapshot().attempts),
        (2, 3)
    );
}
