//! Two processes that ask and invalidate in any order, against the plainest model: no answer is from before an
//! invalidation that was acknowledged and heard.

use std::{collections::HashMap, time::Duration};

use proptest::{collection::vec, prelude::*};
use tokio::{task::JoinHandle, time::Instant};
use tower::{BoxError, ServiceExt};
use tower_response_cache::{Entry, Keep, Store};

use crate::support::{Answer, Process, SECOND, Server, Source, store, until};

const KEYS: [&str; 4] = ["red:1", "red:2", "blue:1", "plain"];

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Process, key.
    Ask(usize, usize),
    /// A call that lasts until it is told to end.
    AskSlowly(usize, usize),
    /// All calls that last end.
    GoOn,
    Forget(usize, usize),
    ForgetRed(usize),
    Clear(usize),
    /// The connections of all are cut.
    Cut,
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    let (p, k) = (0usize..2, 0..KEYS.len());
    prop_oneof![
        6 => (p.clone(), k.clone()).prop_map(|(p, k)| Step::Ask(p, k)),
        3 => (p.clone(), k.clone()).prop_map(|(p, k)| Step::AskSlowly(p, k)),
        2 => Just(Step::GoOn),
        2 => (p.clone(), k).prop_map(|(p, k)| Step::Forget(p, k)),
        1 => p.clone().prop_map(Step::ForgetRed),
        1 => p.prop_map(Step::Clear),
        1 => Just(Step::Cut),
        1 => Just(Step::Flush),
    ]
}

/// A request whose call lasts.
struct Slow {
    key: usize,
    /// That of its key when it began.
    floor: u64,
    ask: JoinHandle<Result<Answer, BoxError>>,
}

struct Run {
    server_prefix: String,
    processes: [Process; 2],
    source: Source,
    /// Calls up to that number are from before an invalidation.
    floors: HashMap<&'static str, u64>,
    slow: Vec<Slow>,
}

impl Run {
    async fn step(&mut self, server: &Server, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Ask(p, k) => {
                let floor = self.floor(k);
                // It would wait for the call that it joins. One from before an invalidation it does not join.
                if self
                    .slow
                    .iter()
                    .any(|slow| slow.key == k && slow.floor == floor)
                {
                    self.go_on().await?;
                }
                let answer = self.processes[p].ask(KEYS[k]);
                let answer = tokio::time::timeout(SECOND, answer).await;
                let answer = answer.expect("it joins no call from before");
                prop_assert!(answer > floor, "{answer} of {} after {floor}", KEYS[k]);
            }
            Step::AskSlowly(p, key) => {
                let (calls, floor) = (self.source.calls(), self.floor(key));
                let service = self.processes[p].service.clone();
                let ask = tokio::spawn(service.oneshot(format!("{} slow", KEYS[key])));
                // Until it has called, or waits for another.
                let called = async {
                    while self.source.calls() == calls && !ask.is_finished() {
                        tokio::time::sleep(Duration::from_micros(200)).await;
                    }
                };
                let _ = tokio::time::timeout(Duration::from_millis(30), called).await;
                self.slow.push(Slow { key, floor, ask });
            }
            Step::GoOn => self.go_on().await?,
            Step::Forget(p, k) => {
                let before = self.source.calls();
                let forgotten = self.processes[p]
                    .handle
                    .invalidate(&KEYS[k].to_owned())
                    .await;
                self.forgotten(forgotten.is_ok(), p, before, |key| key == KEYS[k])
                    .await;
            }
            Step::ForgetRed(p) => {
                let before = self.source.calls();
                let forgotten = self.processes[p].handle.invalidate_tag("red").await;
                self.forgotten(forgotten.is_ok(), p, before, |key| key.starts_with("red"))
                    .await;
            }
            Step::Clear(p) => {
                let before = self.source.calls();
                let forgotten = self.processes[p].handle.clear().await;
                self.forgotten(forgotten.is_ok(), p, before, |_| true).await;
            }
            Step::Cut => {
                let _: u64 = server.ask(&["CLIENT", "KILL", "TYPE", "normal"]);
            }
            Step::Flush => {
                let names: Vec<String> =
                    server.ask(&["KEYS", &format!("{}:*", self.server_prefix)]);
                for name in names {
                    let _: u64 = server.ask(&["DEL", &name]);
                }
            }
        }
        Ok(())
    }

    fn floor(&self, k: usize) -> u64 {
        self.floors.get(KEYS[k]).copied().unwrap_or(0)
    }

    async fn forgotten(&mut self, is_ok: bool, p: usize, before: u64, of: impl Fn(&str) -> bool) {
        if !is_ok {
            return;
        }
        self.heard(p).await;
        for key in KEYS.into_iter().filter(|key| of(key)) {
            self.floors.insert(key, before);
        }
    }

    /// Waits until the other process has heard all that this one has forgotten until now.
    async fn heard(&self, p: usize) {
        let other = &self.processes[1 - p];
        // Marks that the other one is to forget, which it does in order. The first may be gone with all else,
        // forgotten after a gap that was before.
        //
        // They are put into its memory and not asked for: an answer is written to the server in the background, and
        // a write that the server gets after the invalidation is refused and takes the mark from the memory, too,
        // so that it would be gone although nothing was heard.
        let mut marks = 0;
        while marks < 2 {
            let mark = format!("mark{}", fastrand::u64(..));
            let entry = Entry::new(0, Keep::new(3600 * SECOND), Instant::now());
            other.memory.insert(mark.clone(), entry);
            if self.processes[p].handle.invalidate(&mark).await.is_ok() {
                until("heard", || !other.memory.has(&mark)).await;
                marks += 1;
            }
        }
    }

    async fn go_on(&mut self) -> Result<(), TestCaseError> {
        for Slow { floor, mut ask, .. } in self.slow.drain(..) {
            let answer = loop {
                self.source.go_on.notify_waiters();
                let soon = tokio::time::timeout(Duration::from_millis(1), &mut ask).await;
                if let Ok(answer) = soon {
                    break answer.expect("no panic").expect("an answer");
                }
            };
            prop_assert!(answer > floor, "{answer} after {floor}");
        }
        Ok(())
    }
}

async fn run(server: &Server, steps: &[Step]) -> Result<(), TestCaseError> {
    let source = Source::default();
    let prefix = format!("{:x}", fastrand::u64(..));
    let process = || {
        let store = store(server).prefix(&prefix);
        let wait = Duration::from_millis(20);
        Process::with(store, &source, |layer| layer.remote_flights(wait))
    };
    let mut run = Run {
        server_prefix: prefix.clone(),
        processes: [process(), process()],
        source: source.clone(),
        floors: HashMap::new(),
        slow: Vec::new(),
    };
    for process in &run.processes {
        process
            .listens_with(server, store(server).prefix(&prefix))
            .await;
    }
    for step in steps {
        run.step(server, *step).await?;
    }
    run.go_on().await
}

#[test]
#[ignore = "needs redis-server"]
fn no_answer_is_from_before_an_invalidation() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let cases = std::env::var("PROPTEST_CASES").ok();
    let cases = cases.and_then(|cases| cases.parse().ok()).unwrap_or(48);
    let mut config = ProptestConfig::with_cases(cases);
    config.max_shrink_iters = 200;
    config.failure_persistence = None;
    proptest!(config, |(steps in vec(step(), 1..40))| {
        runtime.block_on(run(&server, &steps))?;
    });
}
