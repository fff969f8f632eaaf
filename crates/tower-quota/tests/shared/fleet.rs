//! Processes that share a quota by a log and nothing else.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::{AbortHandle, JoinSet};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_quota::{Handle as QuotaHandle, LimitSnapshot};

use crate::clock::Clock;
use crate::fault::What;
use crate::hosts::Hosts;
use crate::lock;
use crate::memory_log::{Connection, MemoryLog};
use crate::metered::client::get_through;
use crate::metered::server::Server;
use crate::metered::subject::{self, Layered};
use crate::metered::wire::{Answer, Throttled, Wire};
use crate::metered::workload::Call;
use crate::plan::Plan;
use crate::report::Report;
use crate::work::Work;

/// What is still to be said when the last call has ended is said by then, in seconds, and nothing in the minutes after.
const QUIET: f64 = 10.0;
const IDLE: f64 = 300.0;
/// Who had an answer since then has heard the rest.
const LATELY: Duration = Duration::from_secs(30);

struct Fleet {
    plan: Plan,
    clock: Clock,
    world: Handle,
    /// Of each process.
    hosts: Vec<Handle>,
    log: MemoryLog,
    wire: Arc<Wire>,
    work: Arc<Work>,
    lives: Mutex<Vec<Option<Life>>>,
}

/// A process from its start to its death.
struct Life {
    /// What the log knows it as.
    member: Option<usize>,
    handle: QuotaHandle<u8>,
    main: AbortHandle,
}

pub(crate) fn run(plan: &Plan) -> Report {
    // Processes draw their names.
    fastrand::seed(plan.seed);
    let clock = Clock::default();
    let mut hosts = Hosts::new(&clock, &plan.standing());
    let calls = plan.workload.draw(plan.seed);
    let phase = fastrand::Rng::with_seed(plan.seed + 99).f64() * 60.0;
    let fleet = Fleet::new(plan, &clock, &hosts, &calls, phase);
    for process in (0..plan.processes).filter(|process| plan.begins(*process)) {
        fleet.start(process);
    }
    fleet.world.spawn(Arc::clone(&fleet).play());
    let work = Arc::clone(&fleet.work);
    let finished = Box::pin(async move { work.finished().await });
    let stands = |process, at: Duration| plan.stands(process, at.as_secs_f64());
    hosts.run(Duration::from_secs_f64(plan.most), finished, stands);
    let now = hosts.now().max(plan.over());
    let mut report = Report::new(plan, &calls, phase, &fleet.work.all_done());
    report.measure(&fleet.wire.outcome(true));
    report.commands = fleet.log.commands();
    report.longest_log = fleet.log.longest();
    report.back = fleet.back();
    if hosts.are_one() && report.lost == 0 {
        hosts.run(
            now + Duration::from_secs_f64(QUIET),
            Box::pin(pending()),
            stands,
        );
        report.disagree = fleet.disagree();
        let said = fleet.log.commands();
        let idle = Duration::from_secs_f64(QUIET + IDLE);
        hosts.run(now + idle, Box::pin(pending()), stands);
        report.idle_commands = fleet.log.commands() - said;
    }
    report
}

impl Fleet {
    fn new(plan: &Plan, clock: &Clock, hosts: &Hosts, calls: &[Call], phase: f64) -> Arc<Self> {
        let workload = &plan.workload;
        let largest = calls.iter().map(|call| call.reserved).max().unwrap_or(0);
        let server = Server::new(plan.meter, workload.limits, largest as f64, phase);
        let world = hosts.world().clone();
        let wire = {
            let _in_the_world = world.enter();
            Arc::new(Wire::new(workload, server, calls.len(), plan.seed))
        };
        Arc::new(Self {
            plan: plan.clone(),
            clock: clock.clone(),
            hosts: (0..plan.processes)
                .map(|process| hosts.of(process).clone())
                .collect(),
            log: MemoryLog::new(clock, &world, plan.seed),
            wire,
            work: Arc::new(Work::new(clock, calls, plan.processes, plan.deal)),
            lives: Mutex::new((0..plan.processes).map(|_| None).collect()),
            world,
        })
    }

    fn start(self: &Arc<Self>, process: usize) {
        let round_trips = &self.plan.round_trips;
        let round_trip = Duration::from_secs_f64(round_trips[process % round_trips.len()]);
        let connection = self.plan.log.then(|| self.log.connect(round_trip));
        let member = connection.as_ref().map(Connection::process);
        // Its times are those of its host.
        let _there = self.hosts[process].enter();
        let layer = subject::layer(subject::told(&self.plan.workload));
        let layer = match connection {
            Some(connection) => layer.shared(connection),
            None => layer,
        };
        let handle = layer.handle();
        let main = self.hosts[process].spawn(Arc::clone(self).live(process, layer));
        lock(&self.lives)[process] = Some(Life {
            member,
            handle,
            main: main.abort_handle(),
        });
    }

    /// What a process does all its life.
    async fn live(self: Arc<Self>, process: usize, layer: Layered) {
        let service = layer.layer(self.server());
        let mut workers = JoinSet::new();
        for _ in 0..self.plan.workers {
            let (service, work) = (service.clone(), Arc::clone(&self.work));
            workers.spawn(async move {
                while let Some(call) = work.next(process).await {
                    let (_, attempts) = get_through(call, &service).await;
                    work.done(process, call, attempts);
                }
            });
        }
        while let Some(worker) = workers.join_next().await {
            if worker.is_err() {
                self.work.break_off();
            }
        }
        pending::<()>().await;
    }

    /// The server and the way to it, which go on whoever called.
    fn server(
        &self,
    ) -> impl Service<Call, Response = Answer, Error = Throttled, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static {
        let (wire, world) = (self.wire.service(), self.world.clone());
        service_fn(move |call: Call| {
            let sent = world.spawn(wire.clone().oneshot(call));
            async move { sent.await.expect("the server does not panic") }
        })
    }

    async fn play(self: Arc<Self>) {
        for fault in self.plan.script() {
            self.clock.until(Duration::from_secs_f64(fault.at)).await;
            self.befall(fault.what);
        }
    }

    fn befall(self: &Arc<Self>, what: What) {
        match what {
            What::Join(process) | What::Return(process) => {
                let dead = lock(&self.lives)[process].is_none();
                if dead {
                    self.start(process);
                }
            }
            What::Kill(process) => self.kill(process, &self.heirs()),
            What::Restart(process) => self.kill(process, &[]),
            // The hosts see to that.
            What::Stand(..) => {}
            What::Log(fault) => fault.befall(&self.log, |process| self.member(process)),
        }
    }

    fn kill(&self, process: usize, heirs: &[usize]) {
        if let Some(life) = lock(&self.lives)[process].take() {
            if let Some(member) = life.member {
                self.log.kill(member);
            }
            life.main.abort();
            self.work.bury(process, heirs);
        }
    }

    /// Those who are never killed for good.
    fn heirs(&self) -> Vec<usize> {
        let killed = |process| {
            let killed = What::Kill(process);
            self.plan.faults.iter().any(|fault| fault.what == killed)
        };
        (0..self.plan.processes)
            .filter(|process| !killed(*process))
            .collect()
    }

    fn member(&self, process: usize) -> Option<usize> {
        lock(&self.lives)[process].as_ref()?.member
    }

    /// What the processes that had something to say until the end know of the limits, if they do not know the same. What
    /// is used is counted by clocks that are not quite the same.
    fn disagree(&self) -> Vec<String> {
        let _in_the_world = self.world.enter();
        let lives = lock(&self.lives);
        // Who has nothing to do does not listen for ever.
        let lately = self.clock.now().saturating_sub(LATELY);
        let knows = lives.iter().flatten().filter_map(|life| {
            let spoke = life.member.map(|member| self.log.answered(member));
            spoke.filter(|at| *at >= lately)?;
            let known = life.handle.snapshot(&0)?;
            let known = known.limits.iter().map(|limit| {
                let LimitSnapshot {
                    meter,
                    burst_at_least,
                    burst_below,
                    share,
                    ..
                } = limit;
                format!("{meter:?} from {burst_at_least} below {burst_below:?}, {share:.2}")
            });
            Some(known.collect::<Vec<_>>().join("; "))
        });
        let mut knows: Vec<_> = knows.collect();
        knows.sort_unstable();
        knows.dedup();
        if knows.len() > 1 { knows } else { Vec::new() }
    }

    /// How many seconds it took the slowest process to have an answer from the log again.
    fn back(&self) -> f64 {
        let members = (0..self.plan.processes).filter_map(|process| self.member(process));
        let back = members.map(|member| self.log.back(member));
        back.fold(0.0, f64::max)
    }
}
