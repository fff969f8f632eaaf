use std::cell::RefCell;
use std::f64::consts::TAU;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::time::Instant;
use tower::Service;
use tower_circuit_breaker::Open;

use crate::case::{Case, Kind, Mood};
use crate::report::Report;
use crate::seconds::{Seconds, since, sleep};

/// A service with moods.
#[derive(Clone)]
pub(crate) struct Moody(Rc<RefCell<State>>);

struct State {
    case: Case,
    /// Answers a second when it is healthy.
    healthy: f64,
    start: Instant,
    report: Rc<RefCell<Report>>,
    rng: fastrand::Rng,
    weather: fastrand::Rng,
    burst: Burst,
    capacity: Capacity,
}

struct Burst {
    is_on: bool,
    until: Seconds,
}

/// What a fragile service can do at the moment.
struct Capacity {
    answers: f64,
    at: Seconds,
}

#[derive(Clone, Copy)]
pub(crate) struct Request {
    /// It is refused for the caller's own fault.
    pub(crate) is_faulty: bool,
}

#[derive(Debug)]
pub(crate) enum Fault {
    Failed,
    Throttled,
    TimedOut,
    CallersOwn,
    Open(Open),
}

impl From<Open> for Fault {
    fn from(open: Open) -> Self {
        Self::Open(open)
    }
}

/// An attempt that is not answered by then is given up.
const TIMEOUT: Seconds = 60.0;

impl Moody {
    pub(crate) fn new(case: Case, healthy: f64, seed: u64, report: &Rc<RefCell<Report>>) -> Self {
        Self(Rc::new(RefCell::new(State {
            case,
            healthy,
            start: Instant::now(),
            report: Rc::clone(report),
            rng: fastrand::Rng::with_seed(seed ^ 0x5e27_11ce),
            weather: fastrand::Rng::with_seed(seed ^ 0xc10d_d700),
            burst: Burst {
                is_on: true,
                until: 0.0,
            },
            capacity: Capacity {
                answers: 0.0,
                at: 0.0,
            },
        })))
    }
}

/// What becomes of a call.
enum Fate {
    Answered,
    Fails,
    Hangs,
}

impl State {
    fn fate(&mut self, now: Seconds) -> Fate {
        let during = |from, till| (from..till).contains(&now);
        let share = match self.case.mood {
            Mood::Share(share) => share,
            Mood::Bursts { share, bad, good } => {
                while now >= self.burst.until {
                    self.burst.is_on = !self.burst.is_on;
                    let mean = if self.burst.is_on { bad } else { good };
                    self.burst.until -= mean * (1.0 - self.weather.f64()).ln();
                }
                if self.burst.is_on { share } else { 0.0 }
            }
            Mood::Outage { from, till, .. } if during(from, till) => 1.0,
            Mood::Outage { around, .. } => around,
            Mood::Hang { from, till } if during(from, till) => return Fate::Hangs,
            Mood::Worse { hangs, till, .. } if during(hangs, till) => return Fate::Hangs,
            Mood::Worse { from, till, .. } if during(from, till) => 1.0,
            Mood::Hang { .. } | Mood::Worse { .. } => 0.0,
        };
        let fails = self.rng.f64() < share;
        if fails || self.is_overloaded(now) {
            Fate::Fails
        } else {
            Fate::Answered
        }
    }

    /// After an outage, whether a call is more than a fragile service can answer.
    fn is_overloaded(&mut self, now: Seconds) -> bool {
        let (Some(fragile), Mood::Outage { till, .. }) = (self.case.fragile, self.case.mood) else {
            return false;
        };
        if now < till {
            return false;
        }
        let rate = self.healthy * fragile;
        let Capacity { answers, at } = &mut self.capacity;
        *answers = (*answers + (now - at.max(till)) * rate).min(rate);
        *at = now;
        if *answers >= 1.0 {
            *answers -= 1.0;
            return false;
        }
        *answers = (*answers - 0.2).max(-rate);
        true
    }

    fn reply(&mut self, request: Request) -> (Seconds, Result<(), Fault>) {
        let now = since(self.start);
        self.report.borrow_mut().arrived(now);
        let failures = self.case.failures;
        let answer = lognormal(&mut self.rng, self.case.answer, 0.5446);
        let rarely = self.rng.f64() < 0.1;
        let median = if rarely {
            failures.rarely
        } else {
            failures.after
        };
        let failure = lognormal(&mut self.rng, median, failures.spread);
        let (took, result) = match (self.fate(now), failures.kind) {
            (Fate::Hangs, _) | (Fate::Fails, Kind::Hang) => (TIMEOUT, Err(Fault::TimedOut)),
            (Fate::Fails, Kind::Error) => (failure, Err(Fault::Failed)),
            (Fate::Fails, Kind::Throttle) => (failure, Err(Fault::Throttled)),
            (Fate::Fails, Kind::Slow) => (10.0 * answer, Ok(())),
            (Fate::Answered, _) if request.is_faulty => (0.05, Err(Fault::CallersOwn)),
            (Fate::Answered, _) => (answer, Ok(())),
        };
        if took < TIMEOUT {
            (took, result)
        } else {
            (TIMEOUT, Err(Fault::TimedOut))
        }
    }
}

fn lognormal(rng: &mut fastrand::Rng, median: f64, sigma: f64) -> f64 {
    let normal = (-2.0 * (1.0 - rng.f64()).ln()).sqrt() * (TAU * rng.f64()).cos();
    median * (sigma * normal).exp()
}

impl Service<Request> for Moody {
    type Response = ();
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<(), Fault>>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let state = Rc::clone(&self.0);
        Box::pin(async move {
            let (took, result) = state.borrow_mut().reply(request);
            sleep(took).await;
            let state = state.borrow();
            if result.is_ok() {
                state.report.borrow_mut().answered(since(state.start));
            }
            result
        })
    }
}
