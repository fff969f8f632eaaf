use std::{
    any::Any,
    collections::BTreeMap,
    future::{Future, poll_fn},
    hash::Hash,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::{runtime, sync::oneshot};

use crate::{
    flight::callers::table::{FlightTable, Place},
    flight::callers::work::Work,
    policy::CacheStatus,
};

/// What the key of a flight has to be: it is stored, and goes to a task where one finishes the flight.
pub(crate) trait Key: Hash + Eq + Clone + Send + Sync + 'static {}

impl<K: Hash + Eq + Clone + Send + Sync + 'static> Key for K {}

/// What the answer of a flight has to be.
pub(crate) trait Value: Clone + Send + 'static {}

impl<V: Clone + Send + 'static> Value for V {}

/// The flights of one cache, shared by all who lead one or wait for one.
pub(crate) struct SharedTable<K, V> {
    table: Mutex<FlightTable<K, oneshot::Sender<Message<V>>>>,
    /// Whether a call is finished after all its callers have left.
    finish: AtomicBool,
}

/// What a waiter is told.
enum Message<V> {
    /// The flight ended with this.
    Answered(V, CacheStatus),
    /// The leader is gone: it is on this waiter to drive the work, or to make the call if there is
    /// none.
    TakeOver(Option<Work>),
    /// The flight ended with nothing to share.
    Alone,
}

/// How a request takes part in a flight.
pub(crate) enum Joined<K: Key, V: Value> {
    Lead(Lead<K, V>),
    Wait(Wait<K, V>),
}

/// How waiting ends.
pub(crate) enum Waited<K: Key, V: Value> {
    Answered(V, CacheStatus),
    Lead(Lead<K, V>),
    Alone,
}

impl<K, V> SharedTable<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            table: Mutex::new(FlightTable::new()),
            finish: AtomicBool::new(false),
        }
    }

    // It orders nothing.
    pub(crate) fn set_finish(&self, finish: bool) {
        self.finish.store(finish, Ordering::Relaxed);
    }

    /// Where to finish a call that nobody waits for, if that is wanted and possible.
    fn finisher(&self) -> Option<runtime::Handle> {
        let finish = self.finish.load(Ordering::Relaxed);
        finish.then(runtime::Handle::try_current)?.ok()
    }

    /// The number of flights, and of those who wait for one.
    pub(crate) fn count(&self) -> (u64, u64) {
        self.table().count()
    }

    /// Keeps every flight under way from being stored or joined.
    pub(crate) fn revoke_all(&self) {
        self.table().revoke_all();
    }

    /// Keeps what has `tag` from being stored by a flight under way.
    pub(crate) fn revoke_tag(&self, tag: &Arc<str>) {
        self.table().revoke_tag(tag);
    }

    // Of a user's code, nothing runs under this lock but `Hash`, `Eq` and `Clone` of the key.
    fn table(&self) -> MutexGuard<'_, FlightTable<K, oneshot::Sender<Message<V>>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V> SharedTable<K, V> {
    /// Keeps the flights of `key` from being stored or joined.
    pub(crate) fn revoke(&self, key: &K) {
        self.table().revoke(key);
    }

    /// Claims the right to store an answer with `tags`.
    pub(crate) fn claim(&self, key: &K, flight: u64, tags: Arc<[Arc<str>]>) -> bool {
        self.table().claim(key, flight, tags)
    }

    /// Ends a flight unless what it has stored meanwhile is to be taken back.
    pub(crate) fn end_if_keepable(&self, key: &K, flight: u64) -> bool {
        self.table().end_if_keepable(key, flight)
    }

    /// Whether the second level may have an answer for `key` that is about to be taken back.
    pub(crate) fn is_taking_back(&self, key: &K) -> bool {
        self.table().is_taking_back(key)
    }

    /// Ends the wait for a flight, and the flight too unless it `goes_on` with storing.
    pub(crate) fn land(&self, key: &K, flight: u64, goes_on: bool) -> Ended<V> {
        let mut table = self.table();
        let ended = if goes_on {
            table.land(key, flight)
        } else {
            table.end(key, flight)
        };
        ended.map_or_else(
            || Ended {
                waiters: Waiters(BTreeMap::new()),
                keepable: false,
            },
            |ended| Ended {
                waiters: Waiters(ended.waiters),
                keepable: ended.keepable,
            },
        )
    }
}

impl<K: Key, V: Value> SharedTable<K, V> {
    /// Joins the flight of `key`, or leads a new one.
    pub(crate) fn join(self: &Arc<Self>, key: K) -> Joined<K, V> {
        let mut flights = self.table();
        let mut message = None;
        let place = flights.join(&key, || {
            let (tx, rx) = oneshot::channel();
            message = Some(rx);
            tx
        });
        match place.zip(message) {
            Some((place, message)) => Joined::Wait(Wait {
                flights: Arc::clone(self),
                key,
                place,
                message,
            }),
            None => {
                let flight = flights.start(key.clone());
                Joined::Lead(self.lead(key, flight, None))
            }
        }
    }

    /// Leads a new flight, whether or not there is one.
    pub(crate) fn start(self: &Arc<Self>, key: K) -> Lead<K, V> {
        let flight = self.table().start(key.clone());
        self.lead(key, flight, None)
    }

    /// Leads a new flight unless there is one to join.
    pub(crate) fn start_first(self: &Arc<Self>, key: K) -> Option<Lead<K, V>> {
        let mut flights = self.table();
        if flights.is_joinable(&key) {
            return None;
        }
        let flight = flights.start(key.clone());
        Some(self.lead(key, flight, None))
    }

    /// Gives the lead to the next waiter; returns the work if there is none.
    pub(crate) fn pass_on(
        &self,
        key: &K,
        flight: u64,
        mut work: Option<Work>,
        finish: bool,
    ) -> Option<Work> {
        loop {
            // The guard must be gone before a waiter is woken, or the work is dropped.
            let next = self.table().next(key, flight, finish && work.is_some());
            let Some(waiter) = next else { return work };
            match waiter.send(Message::TakeOver(work)) {
                Ok(()) => return None,
                // It left between being chosen and being told.
                Err(Message::TakeOver(back)) => work = back,
                Err(_) => return None,
            }
        }
    }

    fn lead(self: &Arc<Self>, key: K, flight: u64, work: Option<Work>) -> Lead<K, V> {
        Lead {
            flights: Arc::clone(self),
            key,
            flight,
            stage: work.map_or(Stage::Idle, Stage::Working),
            detached: false,
        }
    }
}

/// The lead of a flight, with its work once there is one. Dropped, both pass to the next waiter.
pub(crate) struct Lead<K: Key, V: Value> {
    flights: Arc<SharedTable<K, V>>,
    key: K,
    flight: u64,
    stage: Stage,
    /// Whether a task drives it, not a caller.
    detached: bool,
}

enum Stage {
    Idle,
    Working(Work),
    Over,
}

impl<K: Key, V: Value> Lead<K, V> {
    pub(crate) fn key(&self) -> &K {
        &self.key
    }

    pub(crate) fn flight(&self) -> u64 {
        self.flight
    }

    pub(crate) fn has_work(&self) -> bool {
        matches!(self.stage, Stage::Working(_))
    }

    pub(crate) fn begin(&mut self, work: Work) {
        self.stage = Stage::Working(work);
    }

    /// Drives the work, which lands the flight itself.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, slot: &mut dyn Any) -> Poll<()> {
        // Work that panics is gone: there is nothing to pass on then but the lead.
        let Stage::Working(mut work) = mem::replace(&mut self.stage, Stage::Idle) else {
            panic!("polled without work");
        };
        if work.as_mut().drive(cx, slot).is_pending() {
            self.stage = Stage::Working(work);
            return Poll::Pending;
        }
        self.stage = Stage::Over;
        Poll::Ready(())
    }

    /// Ends the flight without work.
    pub(crate) fn land(mut self) -> Ended<V> {
        self.stage = Stage::Over;
        self.flights.land(&self.key, self.flight, false)
    }

    /// Drives the work in a task of its own. Nobody else will finish it if that is stopped.
    pub(crate) fn detach(mut self, runtime: &runtime::Handle) {
        self.detached = true;
        runtime.spawn(async move { poll_fn(|cx| self.poll(cx, &mut ())).await });
    }
}

impl<K: Key, V: Value> Drop for Lead<K, V> {
    fn drop(&mut self) {
        let work = match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Over => return,
            Stage::Idle => None,
            Stage::Working(work) => Some(work),
        };
        let runtime = (!self.detached).then(|| self.flights.finisher()).flatten();
        let left = (self.flights).pass_on(&self.key, self.flight, work, runtime.is_some());
        if let (Some(work), Some(runtime)) = (left, runtime) {
            let lead = self.flights.lead(self.key.clone(), self.flight, Some(work));
            lead.detach(&runtime);
        }
    }
}

/// The end of a flight.
pub(crate) struct Ended<V> {
    pub(crate) waiters: Waiters<V>,
    /// Whether the answer may still be stored.
    pub(crate) keepable: bool,
}

/// Those who wait for a flight that has landed.
pub(crate) struct Waiters<V>(BTreeMap<u64, oneshot::Sender<Message<V>>>);

impl<V: Clone> Waiters<V> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands the answer to each, or sends each on its own way. Who has left misses nothing.
    pub(crate) fn tell(self, answer: Option<&V>, status: CacheStatus) {
        for waiter in self.0.into_values() {
            let message = match answer {
                Some(value) => Message::Answered(value.clone(), status),
                None => Message::Alone,
            };
            let _ = waiter.send(message);
        }
    }
}

/// A place in a flight that another leads. Dropped, it is given back.
pub(crate) struct Wait<K: Key, V: Value> {
    flights: Arc<SharedTable<K, V>>,
    key: K,
    place: Place,
    message: oneshot::Receiver<Message<V>>,
}

impl<K: Key, V: Value> Wait<K, V> {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Waited<K, V>> {
        Poll::Ready(match ready!(Pin::new(&mut self.message).poll(cx)) {
            Ok(Message::Answered(value, status)) => Waited::Answered(value, status),
            Ok(Message::TakeOver(work)) => {
                Waited::Lead(self.flights.lead(self.key.clone(), self.place.flight, work))
            }
            // An error: the leader panicked while it handed out its answer.
            Ok(Message::Alone) | Err(_) => Waited::Alone,
        })
    }
}

impl<K: Key, V: Value> Drop for Wait<K, V> {
    fn drop(&mut self) {
        let gone = self.flights.table().leave(&self.key, self.place);
        drop(gone);
        // The lead may have come in the meantime, unseen: it must go on.
        self.message.close();
        if let Ok(Message::TakeOver(work)) = self.message.try_recv() {
            drop((self.flights).lead(self.key.clone(), self.place.flight, work));
        }
    }
}
