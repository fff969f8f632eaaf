//! A service whose responses go on, and a classifier that hears of their ends.

use std::fmt::Display;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::sleep;
use tower::{Layer, ServiceExt, service_fn};
use tower_circuit_breaker::{CircuitBreakerLayer, Classify, KeyOf, Open, Outcome, Verdict};

use crate::support::soon;

/// Why there is no response.
#[derive(Debug)]
pub(crate) enum Fault {
    Down,
    Rejected,
}

impl From<Open> for Fault {
    fn from(_: Open) -> Self {
        Self::Rejected
    }
}

/// What a call does: nothing comes of it, or a response that goes on, after so long.
#[derive(Clone, Copy)]
pub(crate) enum Plan {
    Fails,
    Begins(Duration),
}

/// A response that goes on; whoever reads it says how it ends.
#[derive(Debug)]
pub(crate) struct Stream {
    outcome: Option<Outcome>,
}

impl Stream {
    pub(crate) fn new() -> Self {
        Self { outcome: None }
    }

    pub(crate) fn end(mut self, verdict: Verdict) {
        let outcome = self.outcome.take().expect("the layer put it in");
        outcome.record(verdict);
    }
}

#[derive(Clone)]
pub(crate) struct ByEnd;

impl Classify<Stream, Fault> for ByEnd {
    fn classify(&self, result: &Result<Stream, Fault>) -> Verdict {
        match result {
            Ok(_) => Verdict::Later,
            Err(_) => Verdict::Failure,
        }
    }

    fn later(&self, result: &mut Result<Stream, Fault>, outcome: Outcome) {
        if let Ok(stream) = result {
            stream.outcome = Some(outcome);
        }
    }
}

pub(crate) async fn serve(plan: Plan) -> Result<Stream, Fault> {
    match plan {
        Plan::Fails => Err(Fault::Down),
        Plan::Begins(after) => {
            sleep(after).await;
            Ok(Stream::new())
        }
    }
}

pub(crate) async fn call<K, Q>(
    layer: &CircuitBreakerLayer<ByEnd, K, Q>,
    plan: Plan,
) -> Result<Stream, Fault>
where
    K: KeyOf<Plan, Key = Q>,
    Q: Hash + Eq + Clone + Display,
{
    soon(layer.layer(service_fn(serve)).oneshot(plan)).await
}

pub(crate) async fn begun(layer: &CircuitBreakerLayer<ByEnd>) -> Stream {
    let stream = call(layer, Plan::Begins(Duration::ZERO)).await;
    stream.expect("the circuit lets it through")
}

pub(crate) async fn failed(layer: &CircuitBreakerLayer<ByEnd>) {
    let error = call(layer, Plan::Fails).await.expect_err("it fails");
    assert!(matches!(error, Fault::Down), "{error:?}");
}
