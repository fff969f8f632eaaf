use std::{
    future::Future,
    io,
    panic::resume_unwind,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
use tokio::{
    runtime::Builder,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    batch::Batch,
    ideal::Ideal,
    scenario::{DAY, Scenario},
    server::Server,
    strategy::{Caller, Strategy},
};

/// What became of the calls of one strategy.
pub(crate) struct Run {
    /// Those that ended, in the order in which they did.
    pub(crate) ended: Vec<Ended>,
    /// Throttles that the server answered with.
    pub(crate) throttled: u64,
    pub(crate) calls: usize,
    first_failure: Option<String>,
    /// The virtual time after which the rest was given up.
    given_up: Option<Duration>,
}

/// One call, as its worker saw it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    /// Since the start of the run.
    pub(crate) at: Duration,
    /// Since the worker took the call.
    pub(crate) took: Duration,
    pub(crate) ok: bool,
}

/// Runs each strategy on a thread and a clock of its own, and says on stderr how it went.
pub(crate) fn all(
    scenario: &Scenario,
    batch: &Batch,
    ideal: &Ideal,
    strategies: &[Strategy],
) -> io::Result<Vec<(Strategy, Run)>> {
    thread::scope(|scope| {
        let start = |&strategy| {
            scope.spawn(move || {
                let run = run(scenario, batch, ideal, strategy)?;
                eprintln!("{strategy}: {}", run.summary());
                Ok((strategy, run))
            })
        };
        let threads: Vec<_> = strategies.iter().map(start).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// Has the workers make all calls of the batch through one strategy, against a fresh server.
fn run(scenario: &Scenario, batch: &Batch, ideal: &Ideal, strategy: Strategy) -> io::Result<Run> {
    // What the strategies draw from the thread's own generator is then the same in every run.
    fastrand::seed(scenario.seed);
    in_virtual_time(async {
        let server = Server::start(scenario, strategy.name());
        let (config, throttles) = server.client("lab");
        let caller = strategy.caller(config, scenario, batch);
        if let Some(neighbour) = scenario.neighbour {
            tokio::spawn(neighbour.live(scenario.clone(), server, batch.mean_charge()));
        }
        let work = Arc::new(Work {
            start: Instant::now(),
            prompts: batch.prompts.clone(),
            next: AtomicUsize::new(0),
            log: Mutex::default(),
        });
        let mut workers = JoinSet::new();
        for _ in 0..scenario.workers {
            workers.spawn(Arc::clone(&work).work(Arc::clone(&caller)));
        }
        let longest = Duration::from_secs_f64((10.0 * ideal.seconds()).max(DAY));
        let in_time = timeout(longest, workers.join_all()).await.is_ok();
        let log = std::mem::take(&mut *work.log());
        Run {
            ended: log.ended,
            throttled: throttles.count(),
            calls: scenario.calls,
            first_failure: log.first_failure,
            given_up: (!in_time).then_some(longest),
        }
    })
}

/// Runs on a clock that stands still while anything can go on, and leaps when all wait.
pub(crate) fn in_virtual_time<F: Future>(future: F) -> io::Result<F::Output> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    Ok(runtime.block_on(future))
}

/// The calls that are left to take, and those that ended.
struct Work {
    start: Instant,
    prompts: Vec<ConverseInput>,
    next: AtomicUsize,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    ended: Vec<Ended>,
    first_failure: Option<String>,
}

impl Work {
    async fn work(self: Arc<Self>, caller: Caller) {
        while let Some(prompt) = self.prompts.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            let taken = Instant::now();
            let result = caller(prompt.clone()).await;
            let ended = Ended {
                at: self.start.elapsed(),
                took: taken.elapsed(),
                ok: result.is_ok(),
            };
            let mut log = self.log();
            log.ended.push(ended);
            if let Err(error) = result {
                log.first_failure.get_or_insert(error);
            }
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    #[cfg(test)]
    pub(crate) fn of(ended: Vec<Ended>, throttled: u64, calls: usize) -> Self {
        Self {
            ended,
            throttled,
            calls,
            first_failure: None,
            given_up: None,
        }
    }

    /// The calls that succeeded, in the order in which they ended.
    pub(crate) fn succeeded(&self) -> impl Iterator<Item = &Ended> {
        self.ended.iter().filter(|call| call.ok)
    }

    /// Until the last call that succeeded.
    pub(crate) fn makespan(&self) -> Option<Duration> {
        self.succeeded().map(|call| call.at).max()
    }

    /// How it went, on one line.
    pub(crate) fn summary(&self) -> String {
        let ok = self.succeeded().count();
        let mut summary = format!("{ok} of {} ok", self.calls);
        if let Some(longest) = self.given_up {
            let left = self.calls - self.ended.len();
            let hours = longest.as_secs_f64() / 3600.0;
            summary += &format!("; {left} given up after {hours:.0} hours, counted as failed");
        }
        if let Some(failure) = &self.first_failure {
            summary += &format!("; first failure: {failure}");
        }
        summary
    }
}
