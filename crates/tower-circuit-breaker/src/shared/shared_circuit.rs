use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use super::news::{News, Untold};
use super::packed_state::{AtomicState, PackedState};
use super::sync::{AtomicU64, Mutex, lock};
use crate::circuit::{Admission, Circuit, Holds, Kept};
use crate::classify::{Abandoned, Verdict};
use crate::error::Open;
use crate::settings::Settings;
use crate::telemetry;
use crate::transition::{State, Transition};

/// One circuit and what its calls share.
///
/// Successes are counted in the shards' packed states first. Whoever holds the lock moves them
/// into the circuit before anything else, so that every decision sees them.
#[derive(Debug)]
pub(crate) struct SharedCircuit {
    /// One for each shard. While nobody holds the lock, they all say what the circuit says and
    /// differ only in their pending successes.
    states: Box<[Arc<AtomicState>]>,
    /// `TripRules::batch_until` in nanoseconds since `origin`. `Relaxed`: an old value costs a lock
    /// in vain, or puts a success into the bucket next to its own.
    batch_until: AtomicU64,
    origin: Instant,
    /// A call that takes this long is slow; `None` without a rule for slow calls.
    slow: Option<Duration>,
    /// Whether a rule asks when a call was sent.
    asks_when_sent: bool,
    settings: Arc<Settings>,
    key: Option<Arc<str>>,
    changed: Notify,
    untold: Untold,
    circuit: Mutex<Circuit>,
}

impl SharedCircuit {
    pub(crate) fn new(
        settings: Arc<Settings>,
        key: Option<Arc<str>>,
        seed: Option<u64>,
        shards: usize,
    ) -> Self {
        let now = Instant::now();
        let mut circuit = Circuit::new(Arc::clone(&settings), seed, now);
        let packed = PackedState::of(&circuit);
        Self {
            states: (0..shards)
                .map(|_| Arc::new(AtomicState::new(packed)))
                .collect(),
            batch_until: AtomicU64::new(nanos(now, circuit.rules().batch_until())),
            origin: now,
            slow: settings.rules.slow.as_ref().map(|rule| rule.threshold),
            asks_when_sent: settings.rules.ask_when_sent(),
            settings,
            key,
            changed: Notify::new(),
            untold: Untold::default(),
            circuit: Mutex::new(circuit),
        }
    }

    pub(crate) fn states(&self) -> &[Arc<AtomicState>] {
        &self.states
    }

    #[cold]
    pub(crate) fn admit(&self) -> Result<Admission, Open> {
        self.ask(Circuit::admit)
    }

    #[cold]
    pub(crate) fn send(&self, admission: Admission) -> Result<Admission, Open> {
        self.ask(|circuit, now| circuit.send(now, admission))
    }

    fn ask(
        &self,
        ask: impl FnOnce(&mut Circuit, Instant) -> Result<Admission, Duration>,
    ) -> Result<Admission, Open> {
        self.change(|circuit, now| {
            let admitted = ask(circuit, now);
            admitted.map_err(|retry_after| (retry_after, circuit.is_exhausted()))
        })
        .map_err(|(retry_after, exhausted)| {
            telemetry::rejected(self.settings.name);
            Open::new(retry_after, self.key.clone(), exhausted)
        })
    }

    /// Admits a call, or says when to ask again; nothing counts as rejected.
    pub(crate) fn try_admit(&self) -> Result<Admission, Duration> {
        self.change(Circuit::try_admit)
    }

    /// Whether an admission that nothing was made of yet still holds.
    pub(crate) fn still_admits(&self, admission: Admission) -> bool {
        lock(&self.circuit).still_admits(admission)
    }

    /// When a call is sent, where a rule asks for it.
    #[inline]
    pub(crate) fn sent(&self) -> Option<Instant> {
        self.asks_when_sent.then(Instant::now)
    }

    /// Whether a call that succeeds now was quick, and falls into the current bucket of time; then
    /// when that is, in nanoseconds since `origin`, where anybody asks.
    ///
    /// One that ends as the bucket does may still be counted in the next: it is late by less than
    /// it takes to count it.
    #[inline]
    pub(crate) fn may_batch(&self, sent: Option<Instant>) -> Option<Option<u64>> {
        let until = self.batch_until.load(Ordering::Relaxed);
        // If there is neither a window of time nor a rule that asks when a call was sent, the clock
        // is not read.
        if until == u64::MAX && sent.is_none() {
            return Some(None);
        }
        let now = Instant::now();
        let ended = nanos(self.origin, Some(now));
        let batched = ended < until
            && self
                .slow
                .zip(sent)
                .is_none_or(|(slow, sent)| now.saturating_duration_since(sent) < slow);
        batched.then_some(sent.map(|_| ended))
    }

    #[cold]
    pub(crate) fn record(&self, admission: Admission, verdict: Verdict, sent: Option<Instant>) {
        self.change(|circuit, now| circuit.record(now, admission, verdict, sent));
    }

    #[cold]
    pub(crate) fn begin(&self, admission: Admission, sent: Option<Instant>) -> Admission {
        self.change(|circuit, now| circuit.begin(now, admission, sent))
    }

    /// The end of a call that has begun.
    #[cold]
    pub(crate) fn end(&self, admission: Admission, verdict: Verdict, sent: Option<Instant>) {
        self.change(|circuit, now| circuit.end(now, admission, verdict, sent));
    }

    /// The end of a call that has begun, which nobody tells.
    #[cold]
    pub(crate) fn abandon_begun(&self, admission: Admission, sent: Option<Instant>) {
        if self.settings.abandoned == Abandoned::Failure {
            self.end(admission, Verdict::Failure, sent);
        }
    }

    /// Takes back an admission whose call is dropped without a result; `called` says whether the
    /// inner service got it.
    #[cold]
    pub(crate) fn abandon(&self, admission: Admission, called: bool, sent: Option<Instant>) {
        let verdict = match self.settings.abandoned {
            Abandoned::Failure if called => Verdict::Failure,
            Abandoned::Failure | Abandoned::Ignored => Verdict::Ignored,
        };
        // It is recorded even so where it holds something, to give that back.
        if verdict != Verdict::Ignored || admission.holds != Holds::Nothing {
            self.record(admission, verdict, sent);
        }
    }

    pub(crate) fn state(&self) -> State {
        lock(&self.circuit).state()
    }

    #[cfg(feature = "load")]
    pub(crate) fn rejects(&self) -> bool {
        lock(&self.circuit).rejects(Instant::now())
    }

    /// How long calls would be rejected from now on.
    pub(crate) fn rejects_for(&self) -> Duration {
        lock(&self.circuit).rejects_for(Instant::now())
    }

    /// Until when the circuit is worth keeping although nobody holds it.
    pub(crate) fn kept_until(&self, now: Instant) -> Kept {
        lock(&self.circuit).kept_until(now)
    }

    /// The next change of state, or of the places of probes.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
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

    /// Runs `change` under the lock and, after it, tells about a change of state.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Circuit, Instant) -> T) -> T {
        let now = Instant::now();
        let mut circuit = lock(&self.circuit);
        let before = PackedState::of(&circuit);
        for state in &self.states {
            // Most shards have nothing to move; a load leaves their cache lines where they are. A
            // success that comes later counts as coming after `change`; if that starts another
            // generation, it does not count.
            if state.load() != before {
                let pending = state.swap(before).pending();
                self.count_successes(&mut circuit, pending, state);
            }
        }
        let (from, called) = (circuit.state(), circuit.was_called());
        let places = circuit.places();
        let result = change(&mut circuit, now);
        let to = circuit.state();
        let until = nanos(self.origin, circuit.rules().batch_until());
        self.batch_until.store(until, Ordering::Relaxed);
        let after = PackedState::of(&circuit);
        if after != before {
            for state in &self.states {
                // A swap, not a store: a success that got in meanwhile must not be lost.
                let late = state.swap(after);
                if late.generation() == circuit.generation() {
                    self.count_successes(&mut circuit, late.pending(), state);
                }
            }
        }
        if !called && circuit.was_called() {
            self.untold.push(News::FirstCall(from));
        }
        if from != to {
            self.untold.push(News::Changed(Transition {
                name: self.settings.name,
                key: self.key.clone(),
                from,
                to,
                opened_by: circuit.opened_by().filter(|_| to == State::Open),
                retry_after: circuit
                    .open_until()
                    .map(|until| until.saturating_duration_since(now)),
            }));
        }
        let freed = circuit.places() > places;
        // Waiters and subscribers are told outside the lock: they can run any code, and may ask for
        // the state.
        drop(circuit);
        if from != to || freed {
            self.changed.notify_waiters();
        }
        if from != to || !called {
            self.untold.tell_all(|news| self.tell(news));
        }
        result
    }

    fn tell(&self, news: News) {
        match news {
            News::FirstCall(state) if self.key.is_none() => {
                telemetry::state(self.settings.name, state);
            }
            News::FirstCall(_) => {}
            News::Changed(transition) => {
                telemetry::changed(&transition);
                if let Some(on_transition) = &self.settings.on_transition {
                    on_transition.tell(&transition);
                }
            }
        }
    }

    fn count_successes(&self, circuit: &mut Circuit, successes: u32, state: &AtomicState) {
        let last = self.origin + Duration::from_nanos(state.last());
        circuit.rules().count_successes(successes, last);
    }
}

/// Nanoseconds from `origin` to `time`; the greatest number for no time.
#[inline]
fn nanos(origin: Instant, time: Option<Instant>) -> u64 {
    time.map_or(u64::MAX, |time| {
        let passed = time.saturating_duration_since(origin);
        let seconds = passed.as_secs().saturating_mul(1_000_000_000);
        seconds.saturating_add(passed.subsec_nanos().into())
    })
}
