use std::cell::RefCell;
use std::rc::Rc;

use tokio::runtime::Builder;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::Instant;

use crate::case::{Case, Load};
use crate::report::{Call, Report};
use crate::seconds::{Seconds, since, sleep};
use crate::service::{Fault, Moody, Request};
use crate::stack::{Layers, Stack};

/// Plays a case on a clock of its own.
pub(crate) fn play(case: Case, layers: Layers, seed: u64, healthy: f64) -> Report {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime needs nothing but memory");
    LocalSet::new().block_on(&runtime, async {
        let report = Rc::new(RefCell::new(Report::default()));
        let service = Moody::new(case, healthy, seed, &report);
        let (stack, trips) = layers.around(service, seed);
        let callers = Callers {
            case,
            stack,
            start: Instant::now(),
            report: Rc::clone(&report),
        };
        match case.load {
            Load::Workers(workers) => {
                for worker in 0..workers {
                    spawn_local(callers.clone().work(caller_rng(seed, worker)));
                }
            }
            Load::Every(every) => {
                spawn_local(callers.stream(every, caller_rng(seed, 0)));
            }
        }
        sleep(case.time).await;
        let mut report = report.take();
        report.trips = std::mem::take(&mut trips.lock().expect("no panics"));
        report
    })
}

fn caller_rng(seed: u64, caller: u32) -> fastrand::Rng {
    fastrand::Rng::with_seed(seed.wrapping_mul(0x9e37_79b9) ^ u64::from(caller))
}

/// The answers of a healthy service in a second.
pub(crate) fn healthy(case: Case, seed: u64) -> f64 {
    let case = case.healthy();
    play(case, Layers::Retries, seed, 0.0).answers(30.0, case.time)
}

#[derive(Clone)]
struct Callers {
    case: Case,
    stack: Stack,
    start: Instant,
    report: Rc<RefCell<Report>>,
}

impl Callers {
    async fn work(self, mut rng: fastrand::Rng) {
        loop {
            let is_faulty = rng.f64() < self.case.faults;
            if !self.call(is_faulty).await {
                sleep(0.5 + rng.f64()).await;
            }
        }
    }

    async fn stream(self, every: Seconds, mut rng: fastrand::Rng) {
        loop {
            let is_faulty = rng.f64() < self.case.faults;
            let callers = self.clone();
            spawn_local(async move { callers.call(is_faulty).await });
            sleep(every * (0.8 + 0.4 * rng.f64())).await;
        }
    }

    /// Makes one call, and says whether it was answered.
    async fn call(&self, is_faulty: bool) -> bool {
        let began = since(self.start);
        let result = (self.stack)(Request { is_faulty }).await;
        // A caller that is at fault says nothing about the layers.
        if !matches!(result, Err(Fault::CallersOwn)) {
            self.report.borrow_mut().calls.push(Call {
                began,
                took: since(self.start) - began,
                is_answered: result.is_ok(),
            });
        }
        result.is_ok()
    }
}
