//! Workers and passers-by that get their calls through a service, however often it takes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::{sleep, sleep_until, timeout};
use tower::{Service, ServiceExt};

use super::outcome::Outcome;
use super::wire::{Answer, Throttled, Wire};
use super::workload::{Arrivals, Call, Workload};

/// No wait between attempts is longer, in seconds.
const LONGEST: f64 = 32.0;

/// Gets `calls` through `services`, of which each is a process of its own, or breaks off after
/// `most` seconds.
pub(crate) async fn run<S>(
    workload: &Workload,
    calls: &[Call],
    wire: &Arc<Wire>,
    services: &[S],
    most: f64,
) -> Outcome
where
    S: Service<Call, Response = Answer, Error = Throttled> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let mut tasks = JoinSet::new();
    let all = async {
        if let Arrivals::Workers(workers) = workload.arrivals {
            let rest: Vec<Call> = calls.iter().rev().copied().collect();
            let rest = Arc::new(Mutex::new(rest));
            for worker in 0..workers {
                let (wire, rest) = (Arc::clone(wire), Arc::clone(&rest));
                let service = services[worker % services.len()].clone();
                tasks.spawn(async move {
                    while let Some(call) = next(&rest) {
                        see_through(call, &service, &wire).await;
                    }
                });
            }
        } else {
            for &call in calls {
                sleep_until(wire.start() + Duration::from_secs_f64(call.comes)).await;
                let wire = Arc::clone(wire);
                let service = services[call.number % services.len()].clone();
                tasks.spawn(async move { see_through(call, &service, &wire).await });
            }
        }
        while let Some(done) = tasks.join_next().await {
            done.expect("no call panics");
        }
    };
    let finished = timeout(Duration::from_secs_f64(most), all).await.is_ok();
    wire.outcome(finished)
}

/// The next of what is left, the last of which goes first.
fn next(rest: &Mutex<Vec<Call>>) -> Option<Call> {
    rest.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

async fn see_through<S>(call: Call, service: &S, wire: &Wire)
where
    S: Service<Call, Response = Answer, Error = Throttled> + Clone,
{
    wire.came(call);
    let (answer, attempts) = get_through(call, service).await;
    wire.read(answer).await;
    wire.done(call, attempts);
}

/// As a retry layer does outside of a quota's: no sooner than it is told, and later each time. Returns the
/// answer with how many attempts it took.
pub(crate) async fn get_through<S>(call: Call, service: &S) -> (Answer, u32)
where
    S: Service<Call, Response = Answer, Error = Throttled> + Clone,
{
    let mut attempts = 1;
    let mut rng = Rng::with_seed(call.number as u64);
    loop {
        match service.clone().oneshot(call).await {
            Ok(answer) => return (answer, attempts),
            Err(throttled) => {
                let backoff = f64::from(1 << (attempts - 1).min(5)).min(LONGEST);
                let backoff = Duration::from_secs_f64(backoff * (0.5 + rng.f64()));
                sleep(throttled.wait.max(backoff)).await;
                attempts += 1;
            }
        }
    }
}
