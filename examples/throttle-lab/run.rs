use std::{
    fmt::Display,
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
    time::{Instant, sleep_until, timeout},
};

use crate::{
    batch::{Batch, Cost},
    ideal::Ideal,
    oracle,
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
    /// Since the worker took the call, or since it came.
    pub(crate) took: Duration,
    /// Of that, what is neither the model's nor the network's time.
    pub(crate) waited: Duration,
    pub(crate) ok: bool,
}

/// Runs each strategy on a thread and a clock of its own, and says on stderr how it went.
pub(crate) fn all(
    scenario: &Scenario,
    batch: &Batch,
    ideal: &Ideal,
    strategies: &[Strategy],
) -> io::Result<Vec<(Strategy, Run)>> {
    each(
        strategies,
        |strategy| run(scenario, batch, ideal, strategy),
        Run::summary,
    )
}

/// Runs each strategy on a thread of its own, and says on stderr how it went.
pub(crate) fn each<S: Copy + Display + Send + Sync, T: Send>(
    strategies: &[S],
    run: impl Fn(S) -> io::Result<T> + Sync,
    summary: impl Fn(&T) -> String + Sync,
) -> io::Result<Vec<(S, T)>> {
    let one = &|strategy: S| {
        let run = run(strategy)?;
        eprintln!("{strategy}: {}", summary(&run));
        Ok((strategy, run))
    };
    thread::scope(|scope| {
        let start = |&strategy| scope.spawn(move || one(strategy));
        let threads: Vec<_> = strategies.iter().map(start).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// Has the workers make all calls of the batch through one strategy, against a fresh server.
fn run(scenario: &Scenario, batch: &Batch, ideal: &Ideal, strategy: Strategy) -> io::Result<Run> {
    if strategy == Strategy::Oracle {
        return Ok(oracle::run(scenario, batch, ideal));
    }
    // What the strategies draw from the thread's own generator is then the same in every run.
    fastrand::seed(scenario.seed);
    in_virtual_time(async {
        let server = Server::start(scenario, strategy.name());
        let (config, traffic) = server.client("lab");
        let caller = strategy.caller(config, scenario, batch);
        if let Some(neighbour) = scenario.neighbour {
            tokio::spawn(neighbour.live(scenario.clone(), server, batch.mean_charge()));
        }
        let work = Arc::new(Work {
            start: Instant::now(),
            prompts: batch.prompts.clone(),
            costs: batch.costs.clone(),
            network: scenario.network,
            next: AtomicUsize::new(0),
            log: Mutex::default(),
        });
        let longest = longest(ideal);
        let all = Arc::clone(&work).all(scenario, caller);
        let in_time = timeout(longest, all).await.is_ok();
        let log = std::mem::take(&mut *work.log());
        Run {
            ended: log.ended,
            throttled: traffic.throttled(),
            calls: scenario.calls,
            first_failure: log.first_failure,
            given_up: (!in_time).then_some(longest),
        }
    })
}

/// When a row ends at the latest.
pub(crate) fn longest(ideal: &Ideal) -> Duration {
    Duration::from_secs_f64((10.0 * ideal.seconds()).max(DAY))
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
    costs: Vec<Cost>,
    network: Duration,
    next: AtomicUsize,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    ended: Vec<Ended>,
    first_failure: Option<String>,
}

impl Work {
    /// Makes all calls, by workers or when they come by themselves.
    async fn all(self: Arc<Self>, scenario: &Scenario, caller: Caller) {
        let mut tasks = JoinSet::new();
        if let Some(bursts) = scenario.bursts {
            for call in 0..self.prompts.len() {
                sleep_until(self.start + bursts.at(call)).await;
                tasks.spawn(Arc::clone(&self).make(call, Arc::clone(&caller)));
            }
        } else {
            for _ in 0..scenario.workers {
                tasks.spawn(Arc::clone(&self).work(Arc::clone(&caller)));
            }
        }
        tasks.join_all().await;
    }

    async fn work(self: Arc<Self>, caller: Caller) {
        loop {
            let call = self.next.fetch_add(1, Ordering::Relaxed);
            if call >= self.prompts.len() {
                break;
            }
            Arc::clone(&self).make(call, Arc::clone(&caller)).await;
        }
    }

    async fn make(self: Arc<Self>, call: usize, caller: Caller) {
        let taken = Instant::now();
        let result = caller(self.prompts[call].clone()).await;
        let took = taken.elapsed();
        let ended = Ended {
            at: self.start.elapsed(),
            took,
            waited: took.saturating_sub(self.costs[call].time + self.network),
            ok: result.is_ok(),
        };
        let mut log = self.log();
        log.ended.push(ended);
        if let Err(error) = result {
            log.first_failure.get_or_insert(error);
        }
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
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

    /// What calls that succeeded waited on average.
    pub(crate) fn mean_wait(&self) -> Option<Duration> {
        let number = u32::try_from(self.succeeded().count()).ok()?;
        let all: Duration = self.succeeded().map(|call| call.waited).sum();
        all.checked_div(number)
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
