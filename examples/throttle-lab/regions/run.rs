use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_sdk_bedrockruntime::{config::Region, operation::converse::ConverseInput};
use fastrand::Rng;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    chat,
    ended::{Ended, Told},
    part::Part,
    plan::Plan,
    way::{Answered, Call, Caller, Client, Way},
};
use crate::{
    batch::Prompts,
    network::Traffic,
    run::{each, in_virtual_time},
    scenario::DAY,
    server::{self, Server},
};

/// How much of the first Region's quota calls ask for that come by themselves.
const CALM: f64 = 0.5;

/// What became of the calls of one way.
pub(super) struct Run {
    /// Those that ended, in the order in which they did.
    pub(super) ended: Vec<Ended>,
    /// When requests were sent to each Region, retries too, since the start.
    pub(super) sent: Vec<Vec<Duration>>,
    /// Throttles that the Regions answered with.
    pub(super) throttled: u64,
    /// How many calls there were to make, if that was known.
    pub(super) calls: Option<usize>,
    first_failure: Option<String>,
}

/// Runs each way on a thread and a clock of its own, and says on stderr how it went.
pub(super) fn all(plan: &Plan, ways: &[Way]) -> io::Result<Vec<(Way, Run)>> {
    let load = match plan.part {
        Part::Chat => Some(chat::load(plan)?),
        _ => None,
    };
    each(ways, |way| run(plan, load, way), Run::summary)
}

fn run(plan: &Plan, load: Option<chat::Load>, way: Way) -> io::Result<Run> {
    // What the ways draw from the thread's own generator is then the same in every run.
    fastrand::seed(plan.scenario.seed);
    in_virtual_time(async {
        let (clients, traffic): (Vec<_>, Vec<_>) = clients(plan, way).into_iter().unzip();
        let prompts = Prompts::new(&plan.scenario, "lab");
        let lasts = plan.scenario.lasts;
        let work = Arc::new(Work {
            start: Instant::now(),
            caller: way.caller(plan, clients),
            shared: Mutex::new(Shared {
                prompts: prompts.take(lasts.map_or(plan.scenario.calls, |_| usize::MAX)),
                rng: server::rng(plan.scenario.seed, "pauses"),
                ended: Vec::new(),
                first_failure: None,
            }),
        });
        let all = Arc::clone(&work).all(plan.clone(), load);
        // Calls under way at the end of a time count for nobody.
        let longest = lasts.unwrap_or(Duration::from_secs_f64(DAY));
        drop(timeout(longest, all).await);
        let mut shared = work.shared();
        let sent = |traffic: &Traffic| traffic.sent_since(work.start);
        Run {
            ended: std::mem::take(&mut shared.ended),
            sent: traffic.iter().map(sent).collect(),
            throttled: traffic.iter().map(Traffic::throttled).sum(),
            calls: lasts.is_none().then_some(plan.scenario.calls),
            first_failure: shared.first_failure.take(),
        }
    })
}

/// A fresh server for each Region of a way, and a client of it.
fn clients(plan: &Plan, way: Way) -> Vec<(Client, Traffic)> {
    let places = plan.places(way).into_iter();
    places
        .map(|place| {
            let row = format!("{:?} {way}", plan.part);
            let (config, traffic) = Server::start(&place.scenario, row).client(place.region);
            let config = config.region(Region::new(place.region));
            (Client { place, config }, traffic)
        })
        .collect()
}

pub(super) struct Work {
    start: Instant,
    caller: Caller,
    shared: Mutex<Shared>,
}

struct Shared {
    prompts: std::iter::Take<Prompts>,
    rng: Rng,
    ended: Vec<Ended>,
    first_failure: Option<String>,
}

impl Work {
    /// Makes all calls, as the part has them.
    async fn all(self: Arc<Self>, plan: Plan, load: Option<chat::Load>) {
        let mut tasks = JoinSet::new();
        match (plan.part, load) {
            (Part::Calm, _) => {
                let first = &plan.places(Way::RoundRobin)[0].scenario;
                let mean = 1.0 / (CALM * first.calls_per_second());
                while let Some(prompt) = self.next() {
                    let pause = -mean * (1.0 - self.shared().rng.f64()).ln();
                    sleep(Duration::from_secs_f64(pause)).await;
                    let work = Arc::clone(&self);
                    tasks.spawn(async move { drop(work.make(prompt, None).await) });
                }
            }
            (_, Some(load)) => {
                for number in 0..load.conversations() {
                    tasks.spawn(chat::hold(Arc::clone(&self), plan.clone(), load, number));
                }
            }
            (_, None) => {
                for _ in 0..plan.scenario.workers {
                    let pauses = plan.scenario.lasts.is_some();
                    tasks.spawn(Arc::clone(&self).work(pauses));
                }
            }
        }
        tasks.join_all().await;
    }

    async fn work(self: Arc<Self>, pauses: bool) {
        while let Some(prompt) = self.next() {
            if self.make(prompt, None).await.is_none() && pauses {
                // Without it a way that fails at once would make more calls the more it loses.
                let pause = 0.5 + self.shared().rng.f64();
                sleep(Duration::from_secs_f64(pause)).await;
            }
        }
    }

    /// Makes one call.
    pub(super) async fn make(
        &self,
        input: ConverseInput,
        conversation: Option<usize>,
    ) -> Option<Answered> {
        let taken = Instant::now();
        let call = Call {
            input,
            conversation,
        };
        let result = (self.caller)(call).await;
        let ended = Ended {
            began: taken.duration_since(self.start),
            took: taken.elapsed(),
            conversation,
            told: result.as_ref().ok().map(Told::of),
        };
        let mut shared = self.shared();
        shared.ended.push(ended);
        result
            .map_err(|error| shared.first_failure.get_or_insert(error).len())
            .ok()
    }

    fn next(&self) -> Option<ConverseInput> {
        self.shared().prompts.next()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    #[cfg(test)]
    pub(super) fn of(ended: Vec<Ended>, sent: Vec<Vec<Duration>>) -> Self {
        Self {
            ended,
            sent,
            throttled: 0,
            calls: None,
            first_failure: None,
        }
    }

    fn summary(&self) -> String {
        let ok = self.ended.iter().filter(|call| call.told.is_some()).count();
        let calls = self.calls.unwrap_or(self.ended.len());
        let mut summary = format!("{ok} of {calls} ok");
        if let Some(failure) = &self.first_failure {
            summary += &format!("; first failure: {failure}");
        }
        summary
    }
}
