use std::task::{Context, Poll, ready};
use std::{future::Future, pin::Pin, sync::Arc};

use tokio::sync::oneshot;

use super::locked_table::{Key, LockedTable, Value};
use super::{flight_table::Place, lead::Lead, message::Message, work::Work};
use crate::policy::CacheStatus;

/// How a request takes part in a flight.
pub(crate) enum Joined<K: Key, V: Value> {
    Lead(Lead<K, V>),
    Wait(Wait<K, V>),
}

/// A place in a flight that another leads. Dropped, it is given back.
pub(crate) struct Wait<K: Key, V: Value> {
    flights: Arc<LockedTable<K, V>>,
    key: K,
    place: Place,
    message: oneshot::Receiver<Message<V>>,
}

/// How waiting ends.
pub(crate) enum Waited<K: Key, V: Value> {
    Answer(V, CacheStatus),
    Lead(Lead<K, V>),
    Alone,
}

impl<K: Key, V: Value> Joined<K, V> {
    /// Joins the flight of `key`, or leads a new one.
    pub(crate) fn new(flights: &Arc<LockedTable<K, V>>, key: K) -> Self {
        // One visit to the table: of two callers that find no flight, one must see the other's.
        let joined = flights.with(|table| {
            let mut receiver = None;
            let place = table.join(&key, || {
                let (sender, message) = oneshot::channel();
                receiver = Some(message);
                sender
            });
            let waits = place.zip(receiver);
            waits.ok_or_else(|| table.start(key.clone()))
        });
        match joined {
            Ok((place, message)) => Self::Wait(Wait {
                flights: Arc::clone(flights),
                key,
                place,
                message,
            }),
            Err(flight) => Self::Lead(Lead::of(flights, key, flight, None)),
        }
    }
}

impl<K: Key, V: Value> Wait<K, V> {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Waited<K, V>> {
        Poll::Ready(match ready!(Pin::new(&mut self.message).poll(cx)) {
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
