//! The README's example, as a task: services and futures are `Send` whatever the lifetimes.

use tower::{ServiceBuilder, ServiceExt};
use tower_circuit_breaker::{CircuitBreakerLayer, Open, Verdict};

enum Error {
    Down,
    Open(Open),
}

impl From<Open> for Error {
    fn from(open: Open) -> Self {
        Self::Open(open)
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_readmes_example_runs_in_a_spawned_task() {
    let breaker = CircuitBreakerLayer::new(|result: &Result<u32, Error>| match result {
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Failure,
    });
    let circuit = breaker.handle();
    let divide = |n: u32| async move { 84_u32.checked_div(n).ok_or(Error::Down) };
    let service = ServiceBuilder::new().layer(breaker).service_fn(divide);
    let divided = |n| {
        let service = service.clone();
        tokio::spawn(async move { service.oneshot(n).await })
    };
    assert!(matches!(divided(2).await.unwrap(), Ok(42)));
    assert!(matches!(divided(0).await.unwrap(), Err(Error::Down)));
    circuit.force_open();
    let Err(Error::Open(open)) = divided(2).await.unwrap() else {
        panic!("an open circuit rejects");
    };
    assert!(!open.is_exhausted());
}
