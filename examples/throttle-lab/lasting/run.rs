use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use fastrand::Rng;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use crate::{
    batch::{Batch, Prompts},
    run::{each, in_virtual_time},
    scenario::Scenario,
    server::{self, Server},
    strategy::{Caller, Strategy},
};

/// What became of the calls of one strategy.
pub(crate) struct Run {
    /// Those that ended in time, in the order in which they did.
    pub(crate) ended: Vec<Ended>,
    /// When each request was sent, retries too, since the start.
    pub(crate) sent: Vec<Duration>,
    first_failure: Option<String>,
}

/// One call, as its worker saw it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    /// Since the start of the run.
    pub(crate) began: Duration,
    pub(crate) took: Duration,
    pub(crate) ok: bool,
}

impl Ended {
    pub(crate) fn at(&self) -> Duration {
        self.began + self.took
    }
}

/// Runs each strategy on a thread and a clock of its own, and says on stderr how it went.
pub(crate) fn all(
    scenario: &Scenario,
    lasts: Duration,
    batch: &Batch,
    strategies: &[Strategy],
) -> io::Result<Vec<(Strategy, Run)>> {
    each(
        strategies,
        |strategy| run(scenario, lasts, batch, strategy),
        Run::summary,
    )
}

fn run(scenario: &Scenario, lasts: Duration, batch: &Batch, strategy: Strategy) -> io::Result<Run> {
    fastrand::seed(scenario.seed);
    in_virtual_time(async {
        let server = Server::start(scenario, strategy.name());
        let (config, traffic) = server.client("lab");
        let caller = strategy.caller(config, scenario, batch);
        let work = Arc::new(Work {
            start: Instant::now(),
            shared: Mutex::new(Shared {
                prompts: Prompts::new(scenario, "lab"),
                rng: server::rng(scenario.seed, "pauses"),
                ended: Vec::new(),
                first_failure: None,
            }),
        });
        let mut tasks = JoinSet::new();
        for _ in 0..scenario.workers {
            tasks.spawn(Arc::clone(&work).work(Arc::clone(&caller)));
        }
        // They never end by themselves; calls under way at the end count for nobody.
        drop(timeout(lasts, tasks.join_all()).await);
        let mut shared = work.shared();
        Run {
            ended: std::mem::take(&mut shared.ended),
            sent: traffic.sent_since(work.start),
            first_failure: shared.first_failure.take(),
        }
    })
}

struct Work {
    start: Instant,
    shared: Mutex<Shared>,
}

struct Shared {
    prompts: Prompts,
    rng: Rng,
    ended: Vec<Ended>,
    first_failure: Option<String>,
}

impl Work {
    async fn work(self: Arc<Self>, caller: Caller) {
        loop {
            let prompt = self.shared().prompts.next();
            let began = Instant::now();
            let result = caller(prompt.expect("there is no end of prompts")).await;
            let ended = Ended {
                began: began.duration_since(self.start),
                took: began.elapsed(),
                ok: result.is_ok(),
            };
            let pause = {
                let mut shared = self.shared();
                shared.ended.push(ended);
                if let Err(error) = result {
                    shared.first_failure.get_or_insert(error);
                    Some(Duration::from_secs_f64(0.5 + shared.rng.f64()))
                } else {
                    None
                }
            };
            // Without it a strategy that fails at once would make more calls the more it loses.
            if let Some(pause) = pause {
                sleep(pause).await;
            }
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    #[cfg(test)]
    pub(super) fn of(ended: Vec<Ended>, sent: Vec<Duration>) -> Self {
        Self {
            ended,
            sent,
            first_failure: None,
        }
    }

    fn summary(&self) -> String {
        let ok = self.ended.iter().filter(|call| call.ok).count();
        let mut summary = format!("{ok} of {} ok", self.ended.len());
        if let Some(failure) = &self.first_failure {
            summary += &format!("; first failure: {failure}");
        }
        summary
    }
}
