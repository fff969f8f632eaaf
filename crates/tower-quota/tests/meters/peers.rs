//! What one would do without a ledger: at most six calls at once, or a bucket of one's own.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tower::limit::ConcurrencyLimit;
use tower::{Service, ServiceExt};

use crate::metered::wire::{Answer, Throttled};
use crate::metered::workload::{Call, Workload};

const IN_FLIGHT: usize = 6;

/// At most six at once; refusals are for the retry outside.
pub(crate) fn semaphore<S>(inner: S) -> ConcurrencyLimit<S> {
    ConcurrencyLimit::new(inner, IN_FLIGHT)
}

/// Paces calls by what they reserve, as buckets do that never hear what a call came to.
#[derive(Clone, Debug)]
pub(crate) struct Paced<S> {
    inner: S,
    paces: Arc<Mutex<Vec<Pace>>>,
}

/// A bucket as the time at which it is full again.
#[derive(Debug)]
struct Pace {
    counts_tokens: bool,
    /// What an amount of one takes.
    each: f64,
    /// What it holds, in seconds.
    burst: f64,
    full_at: Option<Instant>,
}

impl<S> Paced<S> {
    /// Holds what the rate brings in a second, and at least the largest call.
    pub(crate) fn new(inner: S, workload: &Workload, largest: f64) -> Self {
        let pace = |counts_tokens, largest: f64| {
            move |limit: f64| Pace {
                counts_tokens,
                each: 60.0 / limit,
                burst: (60.0 / limit * largest).max(1.0),
                full_at: None,
            }
        };
        let limits = workload.told_limits();
        let calls = limits.calls.map(pace(false, 1.0));
        let tokens = limits.tokens.map(pace(true, largest));
        let paces = calls.into_iter().chain(tokens).collect();
        Self {
            inner,
            paces: Arc::new(Mutex::new(paces)),
        }
    }

    /// Takes a call's place in all buckets, and returns when it may go.
    fn book(&self, call: &Call) -> Instant {
        let now = Instant::now();
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let takes = |pace: &Pace| {
            let amount = if pace.counts_tokens { call.reserved } else { 1 };
            amount as f64 * pace.each
        };
        let fits = |pace: &Pace| {
            let full_at = pace.full_at.unwrap_or(now).max(now);
            let spare = Duration::from_secs_f64(pace.burst - takes(pace));
            full_at.checked_sub(spare).unwrap_or(now)
        };
        let goes = paces.iter().map(fits).fold(now, Instant::max);
        for pace in paces.iter_mut() {
            let time = Duration::from_secs_f64(takes(pace));
            pace.full_at = Some(pace.full_at.unwrap_or(goes).max(goes) + time);
        }
        goes
    }
}

impl<S> Service<Call> for Paced<S>
where
    S: Service<Call, Response = Answer, Error = Throttled> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Answer;
    type Error = Throttled;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Throttled>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Throttled>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let (inner, goes) = (self.inner.clone(), self.book(&call));
        Box::pin(async move {
            sleep_until(goes).await;
            inner.oneshot(call).await
        })
    }
}
