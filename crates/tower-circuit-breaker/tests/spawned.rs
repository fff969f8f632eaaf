//! The README's example, as a task: services and futures are `Send`, and the compiler sees that.
//!
//! A key with a lifetime in its type, such as `&'static str`, is a case of its own: within an `async`
//! block the compiler forgets that two lifetimes are the same `'static` (rust-lang/rust#102211), and
//! no longer sees that the keys of the requests are the keys of the circuits.

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
    let divide = |n: u32| async move { 84_u32.checked_div(n).ok_or(Error::Down) };
    let service = ServiceBuilder::new()
        .layer(breaker.consecutive_failures(1))
        .service_fn(divide);
    let divided = |n| {
        let service = service.clone();
        tokio::spawn(async move { service.oneshot(n).await })
    };
    assert!(matches!(divided(2).await.unwrap(), Ok(42)));
    assert!(matches!(divided(0).await.unwrap(), Err(Error::Down)));
    let Err(Error::Open(open)) = divided(2).await.unwrap() else {
        panic!("an open circuit rejects");
    };
    assert!(!open.is_exhausted());
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn static_text_as_a_key_can_be_spawned_by_itself_or_boxed() {
    let breaker = CircuitBreakerLayer::new(|result: &Result<u32, Error>| match result {
        Ok(_) => Verdict::Success,
        Err(_) => Verdict::Failure,
    })
    .key_by(|n: &u32| if n % 2 == 0 { "even" } else { "odd" });
    let circuits = breaker.circuits();
    let divide = |n: u32| async move { 84_u32.checked_div(n).ok_or(Error::Down) };
    let service = ServiceBuilder::new().layer(breaker).service_fn(divide);
    // No `async` block around it, or a type that does not name the key.
    let one = tokio::spawn(service.clone().oneshot(2));
    let boxed = service.boxed_clone();
    let two = tokio::spawn(async move { boxed.oneshot(3).await });
    assert!(matches!(one.await.unwrap(), Ok(42)));
    assert!(matches!(two.await.unwrap(), Ok(28)));
    let mut keys = circuits.keys();
    keys.sort_unstable();
    assert_eq!(keys, ["even", "odd"]);
}
