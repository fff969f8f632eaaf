//! The server with the way there and back, as a service.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tower::{Service, service_fn};

use super::network::Network;
use super::outcome::Outcome;
use super::server::{Admitted, Server, Short};
use super::workload::{Call, Workload};

/// Ends the reservation of a streamed call.
pub(crate) type End = Box<dyn FnOnce(u64) + Send>;

/// An answer, or its beginning.
pub(crate) struct Answer {
    pub(crate) used: u64,
    pub(crate) rest: Option<Rest>,
}

/// What of a streamed answer is still to come.
pub(crate) struct Rest {
    admitted: Admitted,
    /// How long the server still writes.
    time: Duration,
    /// Whom to tell what the call came to.
    pub(crate) end: Option<End>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Throttled {
    /// What was short, where the server says so.
    pub(crate) short: Option<Short>,
    /// The least wait before another attempt, where somebody says so.
    pub(crate) wait: Duration,
}

pub(crate) struct Wire {
    server: Mutex<Server>,
    network: Mutex<Network>,
    seen: Mutex<Seen>,
    start: Instant,
    names_unit: bool,
    counts_tokens: bool,
}

/// What is seen from the wire.
#[derive(Default)]
struct Seen {
    came: Vec<f64>,
    sent: Vec<f64>,
    /// The first attempts of calls, infinite before.
    first_sent: Vec<f64>,
    outcome: Outcome,
}

impl Wire {
    pub(crate) fn new(workload: &Workload, server: Server, calls: usize, seed: u64) -> Self {
        Self {
            server: Mutex::new(server),
            network: Mutex::new(Network::new(seed, workload)),
            seen: Mutex::new(Seen {
                came: vec![0.0; calls],
                sent: vec![0.0; calls],
                first_sent: vec![f64::INFINITY; calls],
                outcome: Outcome::default(),
            }),
            start: Instant::now(),
            names_unit: workload.names_unit,
            counts_tokens: workload.limits.calls.is_none() || workload.limits.tokens.is_some(),
        }
    }

    pub(crate) fn service(
        self: &Arc<Self>,
    ) -> impl Service<Call, Response = Answer, Error = Throttled, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static {
        let wire = Arc::clone(self);
        service_fn(move |call| Arc::clone(&wire).send(call))
    }

    pub(crate) fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    pub(crate) fn start(&self) -> Instant {
        self.start
    }

    async fn send(self: Arc<Self>, call: Call) -> Result<Answer, Throttled> {
        self.sent(call);
        let there = lock(&self.network).way();
        sleep(there).await;
        self.arrived(call);
        let admitted = match lock(&self.network).goes_astray() {
            true => Err(self.limits_what()),
            false => lock(&self.server).admit(self.now(), call.reserved as f64),
        };
        let admitted = match admitted {
            Ok(admitted) => admitted,
            Err(short) => {
                let refusal = lock(&self.network).refusal();
                sleep(refusal).await;
                lock(&self.seen).outcome.throttles.push(self.now());
                return Err(Throttled {
                    short: self.names_unit.then_some(short),
                    wait: Duration::ZERO,
                });
            }
        };
        let first = call.first_event.unwrap_or(call.seconds).min(call.seconds);
        sleep(Duration::from_secs_f64(first)).await;
        let back = lock(&self.network).way();
        let rest = Rest {
            admitted,
            time: Duration::from_secs_f64(call.seconds - first).saturating_sub(back),
            end: None,
        };
        if call.first_event.is_none() {
            self.settle(admitted, call.used);
        }
        sleep(back).await;
        Ok(Answer {
            used: call.used,
            rest: call.first_event.map(|_| rest),
        })
    }

    /// Reads an answer to its end.
    pub(crate) async fn read(&self, answer: Answer) {
        if let Some(rest) = answer.rest {
            sleep(rest.time).await;
            self.settle(rest.admitted, answer.used);
            let back = lock(&self.network).way();
            sleep(back).await;
            if let Some(end) = rest.end {
                end(answer.used);
            }
        }
    }

    /// What a stray is said to be short of.
    fn limits_what(&self) -> Short {
        match self.counts_tokens {
            true => Short::Tokens,
            false => Short::Calls,
        }
    }

    fn settle(&self, admitted: Admitted, used: u64) {
        lock(&self.server).settle(self.now(), admitted, used as f64);
    }

    fn sent(&self, call: Call) {
        let now = self.now();
        let mut seen = lock(&self.seen);
        seen.sent[call.number] = now;
        let first = &mut seen.first_sent[call.number];
        *first = first.min(now);
    }

    fn arrived(&self, call: Call) {
        let at = self.now();
        let amount = self.amount(call);
        lock(&self.seen).outcome.sent.push((at, amount));
    }

    /// What a call counts: tokens, or one where only calls count.
    pub(crate) fn amount(&self, call: Call) -> f64 {
        match self.counts_tokens {
            true => call.used as f64,
            false => 1.0,
        }
    }

    /// When the first attempt of each call was sent.
    pub(crate) fn first_sent(&self) -> Vec<f64> {
        lock(&self.seen).first_sent.clone()
    }

    pub(crate) fn came(&self, call: Call) {
        lock(&self.seen).came[call.number] = self.now();
    }

    pub(crate) fn done(&self, call: Call, attempts: u32) {
        let now = self.now();
        let mut seen = lock(&self.seen);
        let wait = seen.sent[call.number] - seen.came[call.number];
        let amount = self.amount(call);
        let outcome = &mut seen.outcome;
        outcome.seconds = now;
        outcome.waits.push(wait);
        outcome.done.push((now, amount));
        outcome.attempts = outcome.attempts.max(attempts);
    }

    /// What became of all, which are `finished` or not.
    pub(crate) fn outcome(&self, finished: bool) -> Outcome {
        let mut outcome = lock(&self.seen).outcome.clone();
        outcome.finished = finished;
        if !finished {
            outcome.seconds = self.now();
        }
        outcome
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
