//! Retries that are not needed.

use std::{
    future::{Ready, ready},
    sync::Arc,
    time::Duration,
};

use tower::{
    Layer,
    retry::{
        Policy, RetryLayer,
        backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff},
        budget::{Budget, TpsBudget},
    },
    util::rng::HasherRng,
};
use tower_backoff::{BackoffLayer, Verdict};
use tower_resilience::retry::RetryLayer as PeerLayer;

use crate::{
    immediate::{Immediate, Refused},
    measure::{Candidate, Implementation},
};

/// Against tower's cheapest policy, which knows neither a budget nor a wait.
pub(super) fn happy() -> Vec<Candidate> {
    vec![
        Candidate::new(Implementation::Bare, Immediate),
        ours(&BackoffLayer::new(verdict)),
        Candidate::new(
            Implementation::Tower,
            RetryLayer::new(AtOnce).layer(Immediate),
        ),
        peer(),
    ]
}

/// Against tower's retry with what ours has by default: a shared budget and jittered waits.
pub(super) fn happy_budget() -> Vec<Candidate> {
    vec![
        ours(&BackoffLayer::new(verdict)),
        Candidate::new(
            Implementation::Tower,
            RetryLayer::new(Budgeted::new()).layer(Immediate),
        ),
    ]
}

/// With a deadline, which tower and the peer do not have.
pub(super) fn happy_deadline() -> Vec<Candidate> {
    vec![
        ours(&BackoffLayer::new(verdict).deadline(Duration::from_secs(60))),
        peer(),
    ]
}

fn ours<C>(layer: &BackoffLayer<C>) -> Candidate
where
    C: tower_backoff::Classify<u64, Refused> + Clone + 'static,
{
    Candidate::new(Implementation::Ours, layer.layer(Immediate))
}

fn peer() -> Candidate {
    let layer: PeerLayer<u64, u64, Refused> = PeerLayer::builder()
        .max_attempts(8)
        .exponential_backoff(Duration::from_millis(100))
        .build();
    Candidate::new(Implementation::TowerResilience, layer.layer(Immediate))
}

pub(super) fn verdict<E>(result: &Result<u64, E>) -> Verdict {
    match result {
        Ok(_) => Verdict::Done,
        Err(_) => Verdict::transient(),
    }
}

#[derive(Clone)]
struct AtOnce;

impl Policy<u64, u64, Refused> for AtOnce {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut u64, result: &mut Result<u64, Refused>) -> Option<Ready<()>> {
        result.is_err().then(|| ready(()))
    }

    fn clone_request(&mut self, request: &u64) -> Option<u64> {
        Some(*request)
    }
}

#[derive(Clone)]
struct Budgeted {
    budget: Arc<TpsBudget>,
    backoff: ExponentialBackoff,
    left: u32,
}

impl Budgeted {
    fn new() -> Self {
        let (min, max) = (Duration::from_millis(100), Duration::from_secs(20));
        let backoff = ExponentialBackoffMaker::new(min, max, 1.0, HasherRng::new());
        Self {
            budget: Arc::new(TpsBudget::default()),
            backoff: backoff.expect("0 < min < max").make_backoff(),
            left: 7,
        }
    }
}

impl Policy<u64, u64, Refused> for Budgeted {
    type Future = <ExponentialBackoff as Backoff>::Future;

    fn retry(&mut self, _: &mut u64, result: &mut Result<u64, Refused>) -> Option<Self::Future> {
        if result.is_ok() {
            self.budget.deposit();
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        self.budget.withdraw().then(|| self.backoff.next_backoff())
    }

    fn clone_request(&mut self, request: &u64) -> Option<u64> {
        Some(*request)
    }
}
