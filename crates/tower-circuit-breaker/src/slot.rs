use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::circuit::{Admission, Circuit};
use crate::classify::Outcome;
use crate::error::Open;
use crate::gate::Gate;
use crate::policy::Abandoned;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::state::State;
use crate::sync::{AtomicU64, Mutex, lock};
use crate::telemetry;

/// One circuit and what its calls share.
///
/// A call through a closed circuit takes no lock unless it fails: the gate says that it may pass,
/// and takes note of its success. Whoever holds the lock moves those successes into the circuit
/// before anything else, so that decisions see them.
///
/// The gate's atomic operations are `Relaxed`. It is complete in itself: all that it does not hold
/// is behind the lock, and the order of changes to one word is the same for everybody.
#[derive(Debug)]
#[repr(align(64))]
pub(crate) struct Slot {
    gate: AtomicU64,
    /// [`Circuit::lumps_until`] in nanoseconds since `origin`. `Relaxed` too: who reads an old
    /// value, which is an earlier time, takes the lock.
    lumps_until: AtomicU64,
    origin: Instant,
    settings: Arc<Settings>,
    key: Option<Arc<str>>,
    changed: Notify,
    circuit: Mutex<Circuit>,
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
            lumps_until: AtomicU64::new(nanos(now, circuit.lumps_until())),
            origin: now,
            settings,
            key,
            changed: Notify::new(),
            circuit: Mutex::new(circuit),
        }
    }

    #[inline]
    pub(crate) fn admit(&self) -> Result<Admission, Open> {
        let gate = self.gate();
        if gate.is_closed() {
            return Ok(Admission {
                generation: gate.generation(),
                probe: None,
            });
        }
        self.admit_under_lock()
    }

    #[cold]
    fn admit_under_lock(&self) -> Result<Admission, Open> {
        let now = Instant::now();
        self.with(|circuit, settings| circuit.admit(settings, now))
            .map_err(|retry_after| {
                telemetry::rejected(self.settings.name);
                Open::new(retry_after, self.key.clone())
            })
    }

    /// Whether nothing has changed since the call was admitted.
    #[inline]
    pub(crate) fn still_admits(&self, admission: Admission) -> bool {
        self.gate().generation() == admission.generation
    }

    /// When a call starts, where a rule asks for how long it takes.
    #[inline]
    pub(crate) fn start(&self) -> Option<Instant> {
        self.settings.rules.slow.is_some().then(Instant::now)
    }

    #[inline]
    pub(crate) fn record(&self, admission: Admission, outcome: Outcome, start: Option<Instant>) {
        match outcome {
            Outcome::Success => self.record_success(admission, start),
            Outcome::Ignored if admission.probe.is_none() => {}
            _ => self.record_under_lock(admission, outcome, start),
        }
    }

    #[inline]
    fn record_success(&self, admission: Admission, start: Option<Instant>) {
        let mut gate = self.gate();
        if gate.generation() != admission.generation || gate.ignores_success() {
            return;
        }
        if self.may_lump(start) {
            while let Some(more) = gate.plus_success() {
                match self.gate.compare_exchange_weak(
                    gate.0,
                    more.0,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                ) {
                    Ok(_) => return,
                    Err(current) => gate = Gate(current),
                }
                if gate.generation() != admission.generation {
                    return;
                }
            }
        }
        self.record_under_lock(admission, Outcome::Success, start);
    }

    /// Whether a success of now is quick and falls into the current bucket of time.
    #[inline]
    fn may_lump(&self, start: Option<Instant>) -> bool {
        let until = self.lumps_until.load(Ordering::Relaxed);
        if until == u64::MAX && start.is_none() {
            return true;
        }
        let now = Instant::now();
        let slow = self.settings.rules.slow.as_ref().zip(start);
        nanos(self.origin, Some(now)) < until
            && slow
                .is_none_or(|(rule, start)| now.saturating_duration_since(start) < rule.threshold)
    }

    #[cold]
    fn record_under_lock(&self, admission: Admission, outcome: Outcome, start: Option<Instant>) {
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
        self.with(|circuit, _| circuit.snapshot(now))
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

    #[inline]
    fn gate(&self) -> Gate {
        Gate(self.gate.load(Ordering::Relaxed))
    }

    /// Runs `change` under the lock and, after it, tells about a change of state.
    fn with<T>(&self, change: impl FnOnce(&mut Circuit, &Settings) -> T) -> T {
        let mut circuit = lock(&self.circuit);
        // Empty while the lock is held, save for successes that come after this and so count as
        // coming after `change`: for nothing where it starts another generation.
        let closed = Gate::of(&circuit);
        circuit.absorb(Gate(self.gate.swap(closed.0, Ordering::Relaxed)).pending());
        let from = circuit.state();
        let result = change(&mut circuit, &self.settings);
        let to = circuit.state();
        let until = nanos(self.origin, circuit.lumps_until());
        self.lumps_until.store(until, Ordering::Relaxed);
        let late = Gate(self.gate.swap(Gate::of(&circuit).0, Ordering::Relaxed));
        if late.generation() == circuit.generation() {
            circuit.absorb(late.pending());
        }
        drop(circuit);
        if from != to {
            self.changed.notify_waiters();
            telemetry::changed(self.settings.name, self.key(), from, to);
            if self.key.is_none() {
                telemetry::state(self.settings.name, || self.state());
            }
        }
        result
    }
}

/// Nanoseconds from `origin` to `time`; the greatest number for no time.
fn nanos(origin: Instant, time: Option<Instant>) -> u64 {
    time.map_or(u64::MAX, |time| {
        u64::try_from(time.saturating_duration_since(origin).as_nanos()).unwrap_or(u64::MAX)
    })
}

#[cfg(all(test, loom))]
mod tests {
    use loom::thread;

    use super::*;
    use crate::settings::Rate;
    use crate::window::Window;

    /// A window of four calls that trips at `trip` failures.
    fn slot(trip: u32) -> Arc<Slot> {
        let mut settings = Settings::default();
        settings.rules.named().failures = Some(Rate::new(
            f64::from(trip) / 4.0,
            Window::calls(4).minimum(trip),
        ));
        let slot = Slot::new(Arc::new(settings), None, Some(1), Instant::now());
        Arc::new(slot)
    }

    fn call(slot: &Slot, outcome: Outcome) {
        if let Ok(admission) = slot.admit() {
            slot.record(admission, outcome, None);
        }
    }

    #[test]
    fn no_success_and_no_failure_is_lost() {
        loom::model(|| {
            let slot = slot(4);
            let threads = [
                vec![Outcome::Success, Outcome::Success],
                vec![Outcome::Failure, Outcome::Success],
            ]
            .map(|outcomes| {
                let slot = Arc::clone(&slot);
                thread::spawn(move || outcomes.into_iter().for_each(|one| call(&slot, one)))
            });
            for thread in threads {
                thread.join().unwrap();
            }
            let snapshot = slot.snapshot();
            assert_eq!((snapshot.calls(), snapshot.failures()), (4, 1));
        });
    }

    #[test]
    fn successes_of_an_earlier_generation_never_count() {
        loom::model(|| {
            let slot = slot(1);
            let early = slot.admit().unwrap();
            let late = {
                let slot = Arc::clone(&slot);
                thread::spawn(move || slot.record(early, Outcome::Success, None))
            };
            call(&slot, Outcome::Failure);
            assert_eq!(slot.state(), State::Open);
            slot.reset();
            late.join().unwrap();
            assert_eq!(slot.state(), State::Closed);
            assert_eq!(slot.snapshot().calls(), 0);
        });
    }

    #[test]
    fn forcing_it_open_takes_effect_before_it_returns() {
        loom::model(|| {
            let slot = slot(4);
            let other = {
                let slot = Arc::clone(&slot);
                thread::spawn(move || call(&slot, Outcome::Success))
            };
            slot.force_open(None);
            assert!(slot.admit().is_err());
            other.join().unwrap();
            assert!(slot.admit().is_err());
            assert_eq!(slot.state(), State::Open);
        });
    }
}
