//! The runtimes that a fleet runs in, which keep to one time.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::advance;

use crate::clock::Clock;

/// For so long one runtime is run before it is another's turn, where there are several. Timers go off at whole
/// milliseconds, so it is some of these.
const TURN: Duration = Duration::from_millis(10);

/// One runtime for the world and all processes in it, and one for each process that stands still for a time.
///
/// A process that stands still does nothing at all, as with `SIGSTOP`: neither its calls nor what its ledger
/// spawned is polled, and none of its timers goes off. When it goes on, all that was due meanwhile is due at once.
/// The server, the log and the network go on.
///
/// With more than one runtime they are run in turns, the world last. So what the world says to a process that has a
/// runtime of its own is up to a turn later than it would be; nothing is ever too early.
#[derive(Debug)]
pub(crate) struct Hosts {
    clock: Clock,
    world: Runtime,
    apart: Vec<Apart>,
    now: Duration,
}

#[derive(Debug)]
struct Apart {
    process: usize,
    runtime: Runtime,
    /// Since when it stands still.
    stands_since: Option<Duration>,
}

impl Hosts {
    pub(crate) fn new(clock: &Clock, apart: &[usize]) -> Self {
        let apart = apart.iter().map(|&process| Apart {
            process,
            runtime: runtime(clock),
            stands_since: None,
        });
        Self {
            apart: apart.collect(),
            clock: clock.clone(),
            world: runtime(clock),
            now: Duration::ZERO,
        }
    }

    pub(crate) fn world(&self) -> &Handle {
        self.world.handle()
    }

    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// Whether all are in one runtime, where minutes in which nothing happens take no time.
    pub(crate) fn are_one(&self) -> bool {
        self.apart.is_empty()
    }

    /// Where a process runs.
    pub(crate) fn of(&self, process: usize) -> &Handle {
        let apart = self.apart.iter().find(|apart| apart.process == process);
        apart.map_or(self.world(), |apart| apart.runtime.handle())
    }

    /// Runs all until `end`, or until it is `done` in the world.
    pub(crate) fn run(
        &mut self,
        end: Duration,
        mut done: impl Future<Output = ()> + Unpin,
        stands: impl Fn(usize, Duration) -> bool,
    ) {
        let turn = if self.apart.is_empty() { end } else { TURN };
        let mut is_done = false;
        while self.now < end && !is_done {
            let next = (self.now + turn).min(end);
            for apart in &mut self.apart {
                apart.run(&self.clock, next, stands(apart.process, next));
            }
            (is_done, self.now) = self.world.block_on(async {
                tokio::select! {
                    biased;
                    () = &mut done => (true, self.clock.now()),
                    () = self.clock.until(next) => (false, next),
                }
            });
        }
    }
}

impl Apart {
    fn run(&mut self, clock: &Clock, to: Duration, stands: bool) {
        match (stands, self.stands_since) {
            (true, None) => self.stands_since = Some(to),
            (true, Some(_)) => {}
            (false, None) => self.runtime.block_on(clock.until(to)),
            (false, Some(_)) => {
                self.stands_since = None;
                self.runtime.block_on(async {
                    advance(to - clock.now()).await;
                    clock.until(to).await;
                });
            }
        }
    }
}

fn runtime(clock: &Clock) -> Runtime {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async { clock.begin_here() });
    runtime
}
