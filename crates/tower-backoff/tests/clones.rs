//! A request is cloned only if another attempt is possible.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_backoff::{BackoffLayer, Budget, FromRequest, Overrides, RetryOptions, Verdict};

struct Counted {
    clones: Arc<AtomicU32>,
    asks: Overrides,
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.clones.fetch_add(1, Ordering::Relaxed);
        Self {
            clones: Arc::clone(&self.clones),
            asks: self.asks,
        }
    }
}

impl RetryOptions for Counted {
    fn overrides(&self) -> Overrides {
        self.asks
    }
}

type Judge = fn(&Result<(), BoxError>) -> Verdict;

fn transient(_: &Result<(), BoxError>) -> Verdict {
    Verdict::transient()
}

fn layer() -> BackoffLayer<Judge> {
    BackoffLayer::new(transient as Judge).max_attempts(3)
}

/// Calls a service that always fails; gives the clones and the attempts it took.
async fn clones(layer: BackoffLayer<Judge>, asks: Overrides) -> (u32, u64) {
    let clones = Arc::default();
    let request = Counted {
        clones: Arc::clone(&clones),
        asks,
    };
    let layer = layer.replay(FromRequest);
    let handle = layer.handle();
    let fails = service_fn(|_: Counted| async { Err(BoxError::from("failed")) });
    let service = layer.layer(fails);
    assert!(service.oneshot(request).await.is_err());
    (clones.load(Ordering::Relaxed), handle.snapshot().attempts)
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn the_last_attempt_takes_the_request_itself_unless_a_rejection_would_be_waited_for() {
    let impatient = layer().rejected_wait(Duration::ZERO);
    assert_eq!(clones(impatient, Overrides::new()).await, (2, 3));
    assert_eq!(clones(layer(), Overrides::new()).await, (3, 3));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_single_attempt_needs_no_clone() {
    assert_eq!(
        clones(layer().max_attempts(1), Overrides::new()).await,
        (0, 1)
    );
    assert_eq!(clones(layer(), Overrides::new().no_retry()).await, (0, 1));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_request_may_ask_for_more_attempts() {
    assert_eq!(
        clones(layer(), Overrides::new().max_attempts(6)).await,
        (6, 6)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_deadline_in_the_past_needs_no_clone() {
    assert_eq!(
        clones(layer(), Overrides::new().deadline(Instant::now())).await,
        (0, 1)
    );
    assert_eq!(
        clones(layer().deadline(Duration::ZERO), Overrides::new()).await,
        (0, 1)
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn a_budget_that_never_pays_needs_no_clone() {
    let none = layer().budget(Budget::default().burst(0));
    assert_eq!(clones(none, Overrides::new()).await, (0, 1));
}
