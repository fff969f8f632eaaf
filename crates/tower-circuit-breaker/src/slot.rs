use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::circuit::{Admission, Circuit};
use crate::classify::Outcome;
use crate::error::Open;
use crate::policy::Abandoned;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::sync::{AtomicU64, Mutex, lock};
use crate::telemetry;

/// One circuit and what its calls share.
///
/// The gate repeats the part of the circuit that the ordinary call asks for, so that a call
/// through a closed circuit takes no lock to get in. Only the holder of the lock writes it.
#[derive(Debug)]
pub(crate) struct Slot {
    gate: AtomicU64,
    circuit: Mutex<Circuit>,
    changed: Notify,
    settings: Arc<Settings>,
    key: Option<Arc<str>>,
}

/// Bit 0: closed. Bit 1: a quick success changes nothing. The rest: the generation.
#[derive(Clone, Copy)]
struct Gate(u64);

impl Gate {
    fn of(circuit: &Circuit) -> Self {
        let closed = u64::from(circuit.state() == State::Closed);
        let quiet = u64::from(circuit.is_quiet());
        Self(circuit.generation() << 2 | quiet << 1 | closed)
    }

    fn is_closed(self) -> bool {
        self.0 & 1 != 0
    }

    fn is_quiet(self) -> bool {
        self.0 & 2 != 0
    }

    fn generation(self) -> u64 {
        self.0 >> 2
    }
}

impl Slot {
    pub(crate) fn new(
        settings: Arc<Settings>,
        key: Option<Arc<str>>,
        seed: Option<u64>,
        now: Instant,
    ) -> Self {
        let circuit = Circuit::new(&settings, seed, now);
        Self {
            gate: AtomicU64::new(Gate::of(&circuit).0),
            circuit: Mutex::new(circuit),
            changed: Notify::new(),
            settings,
            key,
        }
    }

    pub(crate) fn admit(&self) -> Result<Admission, Open> {
        let gate = self.gate();
        if gate.is_closed() {
            return Ok(Admission {
                generation: gate.generation(),
                probe: None,
            });
        }
        let now = Instant::now();
        self.with(|circuit, settings| circuit.admit(settings, now))
            .map_err(|retry_after| {
                telemetry::rejected(self.settings.name);
                Open::new(retry_after, self.key.clone())
            })
    }

    /// Whether nothing has changed since the call was admitted.
    pub(crate) fn still_admits(&self, admission: Admission) -> bool {
        self.gate().generation() == admission.generation
    }

    /// When a call starts, where a rule asks for how long it takes.
    pub(crate) fn start(&self) -> Option<Instant> {
        self.settings.rules.slow.is_some().then(Instant::now)
    }

    pub(crate) fn record(&self, admission: Admission, outcome: Outcome, start: Option<Instant>) {
        if outcome == Outcome::Success {
            let gate = self.gate();
            if gate.is_quiet() || gate.generation() != admission.generation {
                return;
            }
        } else if outcome == Outcome::Ignored && admission.probe.is_none() {
            return;
        }
        let now = Instant::now();
        let took = start.map(|start| now.saturating_duration_since(start));
        self.with(|circuit, settings| circuit.record(settings, now, admission, outcome, took));
    }

    /// Takes back an admission whose call is dropped without a result; `called` says whether the
    /// inner service got it.
    pub(crate) fn abandon(&self, admission: Admission, called: bool, start: Option<Instant>) {
        let outcome = match self.settings.abandoned {
            Abandoned::Failure if called => Outcome::Failure,
            Abandoned::Failure | Abandoned::Ignored => Outcome::Ignored,
        };
        self.record(admission, outcome, start);
    }

    pub(crate) fn state(&self) -> State {
        lock(&self.circuit).state()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let now = Instant::now();
        lock(&self.circuit).snapshot(now)
    }

    /// When the circuit stops being of use to keep: `None` where it is closed, else the end of
    /// its open time, where it has one.
    pub(crate) fn open_until(&self) -> Option<Option<Instant>> {
        let circuit = lock(&self.circuit);
        (circuit.state() != State::Closed).then(|| circuit.open_until())
    }

    pub(crate) fn force_open(&self, time: Option<Duration>) {
        let now = Instant::now();
        self.with(|circuit, _| circuit.force_open(now, time));
    }

    pub(crate) fn force_closed(&self) {
        let now = Instant::now();
        self.with(|circuit, _| circuit.force_closed(now));
    }

    pub(crate) fn reset(&self) {
        let now = Instant::now();
        self.with(|circuit, _| circuit.reset(now));
    }

    pub(crate) async fn changed_from(&self, state: State) -> State {
        loop {
            // Made before the state is read, so that a change in between wakes it.
            let changed = self.changed.notified();
            let current = self.state();
            if current != state {
                return current;
            }
            changed.await;
        }
    }

    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    fn gate(&self) -> Gate {
        // Pairs with the Release store in `with`.
        Gate(self.gate.load(Ordering::Acquire))
    }

    /// Runs `change` under the lock and, after it, tells about a change of state.
    fn with<T>(&self, change: impl FnOnce(&mut Circuit, &Settings) -> T) -> T {
        let mut circuit = lock(&self.circuit);
        let from = circuit.state();
        let result = change(&mut circuit, &self.settings);
        let to = circuit.state();
        // Pairs with the Acquire load in `gate`.
        self.gate.store(Gate::of(&circuit).0, Ordering::Release);
        drop(circuit);
        if from != to {
            self.changed.notify_waiters();
            telemetry::changed(self.settings.name, self.key(), from, to);
        }
        result
    }
}
