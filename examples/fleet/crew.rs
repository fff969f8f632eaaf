use std::{error::Error, process::Stdio, time::Duration};

use bedrock_sim::Simulator;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    flags::Plan,
    load::MODEL,
    order::{Order, Said, Way},
    queue::Queue,
    server::Server,
    traffic::now,
};

/// The processes of one run.
pub(crate) struct Crew<'a> {
    plan: &'a Plan,
    way: Way,
    server: &'a Server,
    processes: usize,
    workers: usize,
}

/// What came of the calls.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) ok: usize,
    pub(crate) failed: usize,
    pub(crate) throttled: u64,
    pub(crate) makespan: Duration,
    /// The calls that each process has made.
    pub(crate) made: Vec<usize>,
    /// When each process sent the calls that were let in, from the start.
    pub(crate) admitted: Vec<Vec<Duration>>,
    /// What clients sent to Redis, if it was there all the time.
    pub(crate) commands: Option<u64>,
    pub(crate) first_error: Option<String>,
}

/// A process, and what it is told.
struct Process {
    child: Child,
    input: Option<ChildStdin>,
}

/// A line of a process, or its end.
type Heard = (usize, Option<Said>);

impl<'a> Crew<'a> {
    pub(crate) fn new(plan: &'a Plan, way: Way, server: &'a Server) -> Self {
        let (processes, workers) = match way {
            Way::Fleet | Way::Apart => (plan.processes, plan.workers),
            Way::One => (1, plan.processes * plan.workers),
        };
        Self {
            plan,
            way,
            server,
            processes,
            workers,
        }
    }

    pub(crate) fn describe(&self) -> String {
        let Self {
            processes, workers, ..
        } = self;
        match self.way {
            Way::Fleet => format!("a fleet of {processes} processes x {workers} workers"),
            Way::One => format!("one process x {workers} workers"),
            Way::Apart => format!("{processes} processes x {workers} workers without a fleet"),
        }
    }

    /// Starts the processes, has them make all calls, and ends them.
    pub(crate) async fn work(&self) -> Result<Run, Box<dyn Error>> {
        let (plan, load) = (self.plan, self.plan.load);
        let simulator = Simulator::new()
            .seed(plan.seed)
            .meter(plan.meter.of_simulator())
            .latency(load.latency())
            .model(load.model(plan.meter.burst()));
        let bedrock = simulator.serve("127.0.0.1:0").await?;
        let order = Order {
            bedrock: bedrock.url(),
            // A name of its own: nothing is left of a run before it.
            fleet: (self.way == Way::Fleet).then(|| {
                let name = format!("fleet-example-{}", now());
                (self.server.url.clone(), name)
            }),
            cache: plan.cache,
            load,
            told: plan.told,
            seed: plan.seed,
        };
        let (say, mut heard) = mpsc::unbounded_channel();
        let mut processes = Vec::new();
        for number in 0..self.processes {
            processes.push(Process::start(number, &order, say.clone()).await?);
        }
        drop(say);
        for _ in 0..self.processes {
            let Some((_, Some(Said::Ready))) = heard.recv().await else {
                return Err("a process did not start".into());
            };
        }
        // Its minutes begin now.
        simulator.reset();
        let commands = self.server.commands()?;
        let mut run = self.make_calls(&mut processes, &mut heard).await?;
        let had_server = self.way == Way::Fleet && plan.outage.is_none();
        if had_server {
            run.commands = Some(self.server.commands()?.saturating_sub(commands));
        }
        run.throttled = simulator
            .usage()
            .model(MODEL)
            .map_or(0, |usage| usage.throttled);
        for process in processes {
            process.end().await;
        }
        Ok(run)
    }

    async fn make_calls(
        &self,
        processes: &mut [Process],
        heard: &mut mpsc::UnboundedReceiver<Heard>,
    ) -> Result<Run, Box<dyn Error>> {
        let mut queue = Queue::new(self.plan.calls, self.processes, self.workers);
        let (start, began) = (Instant::now(), now());
        let mut run = Run::new(self.processes);
        let mut events = self.events(start);
        events.reverse();
        while !queue.is_done() {
            if queue.is_deserted() {
                return Err("no process is left".into());
            }
            while let Some((process, call)) = queue.next() {
                processes[process].give(call).await;
            }
            let next = events.last().map_or(start, |(at, _)| *at);
            tokio::select! {
                said = heard.recv() => match said {
                    Some((process, Some(Said::Done { call, error, admitted }))) => {
                        queue.done(process, call);
                        run.done(process, error, admitted.iter().map(|at| {
                            Duration::from_millis(at.saturating_sub(began))
                        }));
                        run.makespan = start.elapsed();
                    }
                    Some((process, None)) => queue.gone(process),
                    Some((_, Some(Said::Ready))) => {}
                    None => return Err("no process is left".into()),
                },
                () = sleep_until(next), if !events.is_empty() => {
                    match events.pop().map(|(_, event)| event) {
                        Some(Event::Kill(process)) => processes[process].kill(),
                        Some(Event::ServerGoes) => self.server.kill(),
                        Some(Event::ServerComes) => self.server.restart()?,
                        None => {}
                    }
                }
            }
        }
        Ok(run)
    }

    /// What happens to a fleet, in order.
    fn events(&self, start: Instant) -> Vec<(Instant, Event)> {
        let mut events = Vec::new();
        if self.way == Way::One {
            return events;
        }
        if let Some(kill) = self.plan.kill {
            let killed = 0..kill.processes.min(self.processes);
            events.extend(killed.map(|process| (start + kill.after, Event::Kill(process))));
        }
        if let Some(outage) = self.plan.outage.filter(|_| self.way == Way::Fleet) {
            events.push((start + outage.from, Event::ServerGoes));
            events.push((start + outage.to, Event::ServerComes));
        }
        events.sort_by_key(|(at, _)| *at);
        events
    }
}

enum Event {
    Kill(usize),
    ServerGoes,
    ServerComes,
}

impl Run {
    fn new(processes: usize) -> Self {
        Self {
            ok: 0,
            failed: 0,
            throttled: 0,
            makespan: Duration::ZERO,
            made: vec![0; processes],
            admitted: vec![Vec::new(); processes],
            commands: None,
            first_error: None,
        }
    }

    fn done(
        &mut self,
        process: usize,
        error: Option<String>,
        admitted: impl Iterator<Item = Duration>,
    ) {
        self.made[process] += 1;
        self.admitted[process].extend(admitted);
        match error {
            None => self.ok += 1,
            Some(error) => {
                self.failed += 1;
                self.first_error.get_or_insert(error);
            }
        }
    }
}

impl Process {
    /// Starts this program once more.
    async fn start(
        number: usize,
        order: &Order,
        say: mpsc::UnboundedSender<Heard>,
    ) -> Result<Self, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--member")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().ok_or("a process without an output")?;
        tokio::spawn(async move {
            let mut lines = BufReader::new(output).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let Ok(said) = serde_json::from_str(&line) else {
                    break;
                };
                if say.send((number, Some(said))).is_err() {
                    return;
                }
            }
            // Nobody may be interested any more.
            let _ = say.send((number, None));
        });
        let mut process = Self {
            input: child.stdin.take(),
            child,
        };
        process.tell(&serde_json::to_string(order)?).await;
        Ok(process)
    }

    async fn give(&mut self, call: usize) {
        self.tell(&call.to_string()).await;
    }

    /// One that is gone is told nothing: its end is heard of.
    async fn tell(&mut self, line: &str) {
        if let Some(input) = &mut self.input {
            let line = format!("{line}\n");
            if input.write_all(line.as_bytes()).await.is_err() {
                self.input = None;
            }
        }
    }

    fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.start_kill();
    }

    /// Lets it leave, and kills it if it does not.
    async fn end(mut self) {
        drop(self.input.take());
        let _ = timeout(Duration::from_secs(5), self.child.wait()).await;
    }
}
