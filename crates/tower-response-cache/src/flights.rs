use std::{
    collections::BTreeMap,
    future::Future,
    hash::Hash,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::sync::oneshot;

use crate::table::{FlightTable, Place};

/// The flights of one cache, shared by all who lead one or wait for one.
pub(crate) struct Flights<K, V>(Mutex<FlightTable<K, oneshot::Sender<Turn<V>>>>);

/// What a waiter is told.
enum Turn<V> {
    /// The flight ended with this.
    Landed(V),
    /// The leader is gone or failed: it is on this waiter to make the call.
    Lead,
    /// The flight ended with nothing to share.
    Alone,
}

/// How a request takes part in a flight.
pub(crate) enum Boarded<K: Hash + Eq, V> {
    Lead(Lead<K, V>),
    Wait(Wait<K, V>),
}

/// How waiting ends.
pub(crate) enum Waited<K: Hash + Eq, V> {
    Landed(V),
    Lead(Lead<K, V>),
    Alone,
}

impl<K, V> Flights<K, V> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(FlightTable::new()))
    }

    /// The number of flights, and of those who wait for one.
    pub(crate) fn count(&self) -> (u64, u64) {
        self.table().count()
    }

    /// Keeps every flight under way from being stored or joined.
    pub(crate) fn revoke_all(&self) {
        self.table().revoke_all();
    }

    // Of a user's code, nothing runs under this lock but `Hash`, `Eq` and `Clone` of the key.
    fn table(&self) -> MutexGuard<'_, FlightTable<K, oneshot::Sender<Turn<V>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V> Flights<K, V> {
    /// Keeps the flights of `key` from being stored or joined.
    pub(crate) fn revoke(&self, key: &K) {
        self.table().revoke(key);
    }

    /// Gives the lead to the next waiter.
    fn pass_on(&self, key: &K, flight: u64) {
        loop {
            // The guard must be gone before a waiter is woken.
            let next = self.table().next(key, flight);
            match next.map(|waiter| waiter.send(Turn::Lead)) {
                // It left between being chosen and being told.
                Some(Err(_)) => {}
                Some(Ok(())) | None => return,
            }
        }
    }
}

impl<K: Hash + Eq + Clone, V> Flights<K, V> {
    /// Joins the flight of `key`, or leads a new one.
    pub(crate) fn board(self: &Arc<Self>, key: K) -> Boarded<K, V> {
        let mut flights = self.table();
        let mut turn = None;
        let place = flights.join(&key, || {
            let (tx, rx) = oneshot::channel();
            turn = Some(rx);
            tx
        });
        match place.zip(turn) {
            Some((place, turn)) => Boarded::Wait(Wait {
                flights: Arc::clone(self),
                key,
                place,
                turn,
            }),
            None => {
                let flight = flights.start(key.clone());
                Boarded::Lead(self.lead(key, flight))
            }
        }
    }

    /// Leads a new flight, whether or not there is one.
    pub(crate) fn start(self: &Arc<Self>, key: K) -> Lead<K, V> {
        let flight = self.table().start(key.clone());
        self.lead(key, flight)
    }

    fn lead(self: &Arc<Self>, key: K, flight: u64) -> Lead<K, V> {
        Lead {
            flights: Arc::clone(self),
            key,
            flight,
        }
    }
}

/// The lead of a flight. Dropped, it passes to the next waiter.
pub(crate) struct Lead<K: Hash + Eq, V> {
    flights: Arc<Flights<K, V>>,
    key: K,
    flight: u64,
}

impl<K: Hash + Eq, V> Lead<K, V> {
    pub(crate) fn key(&self) -> &K {
        &self.key
    }

    /// Claims the right to store the answer.
    pub(crate) fn claim(&self) -> bool {
        self.flights.table().claim(&self.key, self.flight)
    }

    /// Ends the flight, so that nothing is left to pass on when `self` drops.
    pub(crate) fn land(self) -> Landing<V> {
        let landed = self.flights.table().land(&self.key, self.flight);
        landed.map_or_else(
            || Landing {
                waiting: Passengers(BTreeMap::new()),
                keepable: false,
            },
            |landed| Landing {
                waiting: Passengers(landed.waiting),
                keepable: landed.keepable,
            },
        )
    }
}

impl<K: Hash + Eq, V> Drop for Lead<K, V> {
    fn drop(&mut self) {
        self.flights.pass_on(&self.key, self.flight);
    }
}

/// The end of a flight.
pub(crate) struct Landing<V> {
    pub(crate) waiting: Passengers<V>,
    /// Whether the answer may still be stored.
    pub(crate) keepable: bool,
}

/// Those who wait for a flight that has landed.
pub(crate) struct Passengers<V>(BTreeMap<u64, oneshot::Sender<Turn<V>>>);

impl<V: Clone> Passengers<V> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Hands the answer to each, or sends each on its own way. Who has left misses nothing.
    pub(crate) fn tell(self, answer: Option<&V>) {
        for waiter in self.0.into_values() {
            let _ = waiter.send(answer.cloned().map_or(Turn::Alone, Turn::Landed));
        }
    }
}

/// A place in a flight that another leads. Dropped, it is given back.
pub(crate) struct Wait<K: Hash + Eq, V> {
    flights: Arc<Flights<K, V>>,
    key: K,
    place: Place,
    turn: oneshot::Receiver<Turn<V>>,
}

impl<K: Hash + Eq + Clone, V> Wait<K, V> {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Waited<K, V>> {
        Poll::Ready(match ready!(Pin::new(&mut self.turn).poll(cx)) {
            Ok(Turn::Landed(value)) => Waited::Landed(value),
            Ok(Turn::Lead) => Waited::Lead(self.flights.lead(self.key.clone(), self.place.flight)),
            // An error: the leader panicked while it handed out its answer.
            Ok(Turn::Alone) | Err(_) => Waited::Alone,
        })
    }
}

impl<K: Hash + Eq, V> Drop for Wait<K, V> {
    fn drop(&mut self) {
        self.flights.table().leave(&self.key, self.place);
        // The lead may have come in the meantime, unseen: it must go on.
        self.turn.close();
        if let Ok(Turn::Lead) = self.turn.try_recv() {
            self.flights.pass_on(&self.key, self.place.flight);
        }
    }
}
