use std::task::{Context, Poll};
use std::{future::Future, pin::Pin, sync::Arc};

use tokio::{sync::oneshot, time::Instant, time::Sleep, time::sleep_until};

use super::locked_table::{Key, LockedTable, Value};
use super::{
    background::Background, flight_table::Place, lead::Lead, message::Message, work::Work,
};
use crate::policy::CacheStatus;

/// How a request takes part in a flight.
pub(crate) enum Joined<K: Key, V: Value> {
    Lead(Lead<K, V>),
    Wait(Wait<K, V>),
    /// The answer of that flight goes on.
    GoesOn(GoesOn<K, V>),
}

/// An answer that goes on, of a flight that has its number.
pub(crate) struct GoesOn<K, V> {
    pub(crate) key: K,
    pub(crate) flight: u64,
    pub(crate) answer: Arc<V>,
}

/// A place in a flight that another leads. Dropped, it is given back.
pub(crate) struct Wait<K: Key, V: Value> {
    flights: Arc<LockedTable<K, V>>,
    key: K,
    place: Place,
    message: oneshot::Receiver<Message<V>>,
    /// Ends the wait for a flight that no caller drives.
    deadline: Option<Pin<Box<Sleep>>>,
}

/// How waiting ends.
pub(crate) enum Waited<K: Key, V: Value> {
    Answer(V, CacheStatus),
    Lead(Lead<K, V>),
    Alone,
    /// Nobody has driven the flight to its end in time: another one is to be joined.
    Again(K),
}

/// What a visit to the table found, or the flight that it started.
enum Found<V> {
    Place(Place, oneshot::Receiver<Message<V>>),
    GoesOn(u64, Arc<V>),
    Nothing(u64),
}

impl<K: Key, V: Value> Joined<K, V> {
    /// Joins the flight of `key`, or leads a new one.
    pub(crate) fn new(flights: &Arc<LockedTable<K, V>>, key: K) -> Self {
        // One visit to the table: of two callers that find no flight, one must see the other's.
        let joined = flights.with(|table| {
            if let Some((flight, answer)) = table.going_on(&key) {
                return Found::GoesOn(flight, answer);
            }
            let mut receiver = None;
            let place = table.join(&key, Instant::now, || {
                let (sender, message) = oneshot::channel();
                receiver = Some(message);
                sender
            });
            match place.zip(receiver) {
                Some((place, message)) => Found::Place(place, message),
                None => Found::Nothing(table.start(key.clone())),
            }
        });
        match joined {
            Found::Place(place, message) => Self::Wait(Wait {
                flights: Arc::clone(flights),
                key,
                place,
                message,
                // Outside of a runtime it waits on: there is no clock to wake it.
                deadline: place
                    .deadline
                    .filter(|_| Background::at_hand().is_some())
                    .map(|deadline| Box::pin(sleep_until(deadline))),
            }),
            Found::GoesOn(flight, answer) => Self::GoesOn(GoesOn {
                key,
                flight,
                answer,
            }),
            Found::Nothing(flight) => Self::Lead(Lead::of(flights, key, flight, None)),
        }
    }
}

impl<K: Key, V: Value> Wait<K, V> {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Waited<K, V>> {
        let Poll::Ready(message) = Pin::new(&mut self.message).poll(cx) else {
            // Where the deadline is over, dropping this gives the place back.
            let deadline = self.deadline.as_mut();
            return deadline.map_or(Poll::Pending, |deadline| {
                deadline
                    .as_mut()
                    .poll(cx)
                    .map(|()| Waited::Again(self.key.clone()))
            });
        };
        Poll::Ready(match message {
            Ok(Message::Answer(value, status)) => Waited::Answer(value, status),
            Ok(Message::TakeOver(work)) => Waited::Lead(self.lead(work)),
            // An error: the leader panicked while it handed out its answer.
            Ok(Message::Alone) | Err(_) => Waited::Alone,
        })
    }

    fn lead(&self, work: Option<Work>) -> Lead<K, V> {
        Lead::of(&self.flights, self.key.clone(), self.place.flight, work)
    }
}

impl<K: Key, V: Value> Drop for Wait<K, V> {
    fn drop(&mut self) {
        // The place is given back first: from here on this caller is not chosen.
        let left = (self.flights).with(|table| table.leave(&self.key, self.place));
        drop(left);
        // It may have been chosen already, and the lead may be on its way. The channel is closed before
        // the last look, so that nothing comes after that: what is sent later returns to its sender,
        // which asks the next waiter.
        self.message.close();
        if let Ok(Message::TakeOver(work)) = self.message.try_recv() {
            drop(self.lead(work));
        }
    }
}
