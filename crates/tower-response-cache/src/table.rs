use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

/// The calls under way, by key, and who waits for them. Plain data; `W` is how to tell a waiter.
///
/// A key has more than one flight while it is refreshed during an earlier call, or after it was
/// invalidated during one. The last flight of a key is the one that others may join.
#[derive(Debug)]
pub(crate) struct FlightTable<K, W> {
    next: u64,
    by_key: HashMap<K, Vec<Flight<W>>>,
}

#[derive(Debug)]
struct Flight<W> {
    id: u64,
    /// Not invalidated, and no later call of this key has an answer to store.
    keepable: bool,
    /// Not invalidated: whoever asks now may have this answer.
    joinable: bool,
    /// First come, first served.
    waiting: BTreeMap<u64, W>,
}

/// A place in the queue of a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) flight: u64,
    ticket: u64,
}

/// What is left of a flight that has ended.
#[derive(Debug)]
pub(crate) struct Landed<W> {
    pub(crate) waiting: BTreeMap<u64, W>,
    pub(crate) keepable: bool,
}

impl<K, W> FlightTable<K, W> {
    pub(crate) fn new() -> Self {
        Self {
            next: 0,
            by_key: HashMap::new(),
        }
    }

    /// The number of flights, and of those who wait for one.
    pub(crate) fn count(&self) -> (u64, u64) {
        let flights = self.by_key.values().flatten();
        flights.fold((0, 0), |(flights, waiting), flight| {
            (flights + 1, waiting + flight.waiting.len() as u64)
        })
    }

    /// Keeps every flight under way from being stored or joined.
    pub(crate) fn revoke_all(&mut self) {
        self.by_key.values_mut().flatten().for_each(Flight::revoke);
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl<K: Hash + Eq, W> FlightTable<K, W> {
    /// Starts a flight, which others may join from now on.
    pub(crate) fn start(&mut self, key: K) -> u64 {
        let id = self.number();
        self.by_key.entry(key).or_default().push(Flight {
            id,
            keepable: true,
            joinable: true,
            waiting: BTreeMap::new(),
        });
        id
    }

    /// Takes a place in the last flight of `key`, if there is one to join.
    pub(crate) fn join(&mut self, key: &K, waiter: impl FnOnce() -> W) -> Option<Place> {
        let ticket = self.number();
        let flight = self.by_key.get_mut(key)?.last_mut()?;
        if !flight.joinable {
            return None;
        }
        flight.waiting.insert(ticket, waiter());
        Some(Place {
            flight: flight.id,
            ticket,
        })
    }

    /// Gives a place back.
    pub(crate) fn leave(&mut self, key: &K, place: Place) -> Option<W> {
        self.find(key, place.flight)?.waiting.remove(&place.ticket)
    }

    /// Takes the next waiter out of the queue; with nobody left, ends the flight.
    pub(crate) fn next(&mut self, key: &K, flight: u64) -> Option<W> {
        let next = self.find(key, flight)?.waiting.pop_first();
        if next.is_none() {
            self.land(key, flight);
        }
        next.map(|(_, waiter)| waiter)
    }

    /// Claims the right to store for `flight`, unless it was revoked. Earlier flights lose theirs.
    pub(crate) fn claim(&mut self, key: &K, flight: u64) -> bool {
        let Some(flights) = self.by_key.get_mut(key) else {
            return false;
        };
        let Some(at) = flights.iter().position(|f| f.id == flight) else {
            return false;
        };
        if !flights[at].keepable {
            return false;
        }
        for earlier in &mut flights[..at] {
            earlier.keepable = false;
        }
        true
    }

    /// Ends a flight.
    pub(crate) fn land(&mut self, key: &K, flight: u64) -> Option<Landed<W>> {
        let flights = self.by_key.get_mut(key)?;
        let at = flights.iter().position(|f| f.id == flight)?;
        let Flight {
            waiting, keepable, ..
        } = flights.remove(at);
        if flights.is_empty() {
            self.by_key.remove(key);
        }
        Some(Landed { waiting, keepable })
    }

    /// Keeps the flights of `key` from being stored or joined.
    pub(crate) fn revoke(&mut self, key: &K) {
        let flights = self.by_key.get_mut(key);
        flights.into_iter().flatten().for_each(Flight::revoke);
    }

    fn find(&mut self, key: &K, flight: u64) -> Option<&mut Flight<W>> {
        let flights = self.by_key.get_mut(key)?;
        flights.iter_mut().find(|f| f.id == flight)
    }
}

impl<W> Flight<W> {
    fn revoke(&mut self) {
        self.keepable = false;
        self.joinable = false;
    }
}

#[cfg(test)]
mod tests;
