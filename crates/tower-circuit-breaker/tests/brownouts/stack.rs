use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};
use tower_backoff::{BackoffLayer, Budget};
use tower_circuit_breaker::{CircuitBreakerLayer, State, Verdict, Window};

use crate::seconds::{Seconds, since};
use crate::service::{Fault, Moody, Request};

/// The layers around the service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Layers {
    Retries,
    /// Retries, and inside of them a breaker as it is by default: it opens at outages.
    Outage,
    /// The same with rules that count the calls that have ended, and no ramp.
    Ended,
}

type Call = Pin<Box<dyn Future<Output = Result<(), Fault>>>>;
pub(crate) type Stack = Rc<dyn Fn(Request) -> Call>;

/// When the circuit opened that was closed.
pub(crate) type Trips = Arc<Mutex<Vec<Seconds>>>;

const SECOND: Duration = Duration::from_secs(1);

type Said = Result<(), Fault>;

fn worth_another_attempt(said: &Said) -> tower_backoff::Verdict {
    use tower_backoff::Verdict;
    match said {
        Ok(()) | Err(Fault::CallersOwn) => Verdict::Done,
        Err(Fault::Failed) => Verdict::transient(),
        Err(Fault::Throttled) => Verdict::throttled(),
        Err(Fault::TimedOut) => Verdict::costly(),
        Err(Fault::Open(open)) => Verdict::rejected().retry_after(open.retry_after()),
    }
}

fn health(said: &Said) -> Verdict {
    match said {
        Ok(()) => Verdict::Success,
        Err(Fault::Failed | Fault::Throttled | Fault::TimedOut) => Verdict::Failure,
        Err(Fault::CallersOwn | Fault::Open(_)) => Verdict::Ignored,
    }
}

type Breaker = CircuitBreakerLayer<fn(&Said) -> Verdict>;

impl Layers {
    pub(crate) fn around(self, service: Moody, seed: u64) -> (Stack, Trips) {
        let retries =
            BackoffLayer::new(worth_another_attempt as fn(&Said) -> tower_backoff::Verdict)
                .max_attempts(12)
                .budget(Budget::unlimited())
                .seed(seed);
        let trips = Trips::default();
        let Some(breaker) = self.breaker() else {
            return (stack(retries.layer(service)), trips);
        };
        let (start, tell) = (Instant::now(), Arc::clone(&trips));
        let breaker = breaker.seed(seed).on_transition(move |transition| {
            if (transition.from, transition.to) == (State::Closed, State::Open) {
                tell.lock().expect("no panics").push(since(start));
            }
        });
        (stack(retries.layer(breaker.layer(service))), trips)
    }

    fn breaker(self) -> Option<Breaker> {
        let breaker = CircuitBreakerLayer::new(health as fn(&Said) -> Verdict);
        match self {
            Self::Retries => None,
            Self::Outage => Some(breaker),
            Self::Ended => Some(
                breaker
                    .consecutive_failures(5)
                    .failure_rate(0.5, Window::time(30 * SECOND).minimum(20))
                    .open_for(5 * SECOND, 60 * SECOND)
                    .probe_lease(60 * SECOND)
                    .ramp(Duration::ZERO),
            ),
        }
    }
}

fn stack<S>(service: S) -> Stack
where
    S: Service<Request, Response = (), Error = Fault> + Clone + 'static,
{
    Rc::new(move |request| Box::pin(service.clone().oneshot(request)))
}
