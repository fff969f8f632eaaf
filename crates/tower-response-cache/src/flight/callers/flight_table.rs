mod row;

use std::collections::{BTreeMap, HashMap};
use std::{hash::Hash, mem, sync::Arc};

use foldhash::quality::RandomState;
use tokio::time::Instant;

use self::row::Row;
use super::written::Write;
use crate::store::Scope;

/// The calls under way, by key, and who waits for them. Plain data; `W` is how to tell a waiter, and `A`
/// an answer that goes on.
///
/// A key has more than one flight while it is refreshed during an earlier call, after it was
/// invalidated during one, or while an answer is being written to the remote store. Only the last
/// flight of a key can be joined: its answer is the newest.
#[derive(Debug)]
pub(crate) struct FlightTable<K, W, A> {
    /// For flights and tickets: later ones have larger numbers.
    last_number: u64,
    /// A hash that is quick. Nobody can make it slow, as no more keys are in here than calls are under way.
    by_key: HashMap<K, Vec<Row<W, A>>, RandomState>,
    /// The memory of the flights of a key that had none left, for the next key.
    spare: Vec<Row<W, A>>,
}

/// A place in the queue of a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) flight: u64,
    ticket: u64,
    /// When to look for another flight, if no caller drives this one.
    pub(crate) deadline: Option<Instant>,
}

/// What is left of a flight that has its answer.
#[derive(Debug)]
pub(crate) struct Ended<W, A> {
    pub(crate) waiters: BTreeMap<u64, W>,
    #[expect(dead_code, reason = "handed out to be dropped outside of the lock")]
    going_on: Option<A>,
    /// Whether the answer may stay in the stores.
    pub(crate) keepable: bool,
}

impl<W, A> Ended<W, A> {
    const fn gone() -> Self {
        Self {
            waiters: BTreeMap::new(),
            going_on: None,
            keepable: false,
        }
    }
}

impl<K, W, A> FlightTable<K, W, A> {
    pub(crate) fn new() -> Self {
        Self {
            last_number: 0,
            by_key: HashMap::default(),
            spare: Vec::new(),
        }
    }

    /// The number of flights without an answer or whose answer goes on, and of those who wait for one.
    pub(crate) fn count(&self) -> (u64, u64) {
        let flights = self
            .by_key
            .values()
            .flatten()
            .filter(|f| f.writing.is_none());
        flights.fold((0, 0), |(flights, waiting), flight| {
            (flights + 1, waiting + flight.waiters.len() as u64)
        })
    }

    /// Keeps every flight under way from being stored or joined.
    pub(crate) fn revoke_all(&mut self) {
        self.by_key.values_mut().flatten().for_each(Row::revoke);
    }

    /// Keeps the answers with `tag` from being stored, and the calls whose answers may have it from being
    /// joined.
    pub(crate) fn revoke_tag(&mut self, tag: &Arc<str>) {
        let flights = self.by_key.values_mut().flatten();
        flights.for_each(|flight| flight.revoke_tag(tag));
    }

    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

impl<K: Hash + Eq, W, A> FlightTable<K, W, A> {
    /// Starts a flight, which others may join from now on.
    pub(crate) fn start(&mut self, key: K) -> u64 {
        let id = self.number();
        let spare = &mut self.spare;
        let flights = self.by_key.entry(key).or_insert_with(|| mem::take(spare));
        flights.push(Row::new(id));
        id
    }

    /// Whether `key` has a flight to join.
    pub(crate) fn is_joinable(&self, key: &K, now: impl FnOnce() -> Instant) -> bool {
        let last = self.by_key.get(key).and_then(|flights| flights.last());
        last.is_some_and(|flight| flight.is_joinable(now))
    }

    /// Notes the tags that the answer of a flight may have.
    pub(crate) fn expect_tags(&mut self, key: &K, flight: u64, tags: Arc<[Arc<str>]>) {
        if let Some(flight) = self.find(key, flight) {
            flight.possible_tags = Some(tags);
        }
    }

    /// Gives a flight that no caller drives until `deadline`. After that nobody joins it.
    pub(crate) fn set_deadline(&mut self, key: &K, flight: u64, deadline: Option<Instant>) {
        if let Some(flight) = self.find(key, flight) {
            flight.deadline = deadline;
        }
    }

    /// The answer that goes on of the last flight of `key`, if there is one to join.
    pub(crate) fn going_on(&self, key: &K) -> Option<(u64, A)>
    where
        A: Clone,
    {
        let last = self.by_key.get(key)?.last()?;
        let answer = last.going_on.clone().filter(|_| last.joinable)?;
        Some((last.id, answer))
    }

    /// Takes a place in the last flight of `key`, if there is one to join whose answer is to come.
    pub(crate) fn join(
        &mut self,
        key: &K,
        now: impl FnOnce() -> Instant,
        waiter: impl FnOnce() -> W,
    ) -> Option<Place> {
        let ticket = self.number();
        let flight = self.by_key.get_mut(key)?.last_mut()?;
        if flight.going_on.is_some() || !flight.is_joinable(now) {
            return None;
        }
        flight.waiters.insert(ticket, waiter());
        Some(Place {
            flight: flight.id,
            ticket,
            deadline: flight.deadline,
        })
    }

    /// Gives a place back.
    pub(crate) fn leave(&mut self, key: &K, place: Place) -> Option<W> {
        self.find(key, place.flight)?.waiters.remove(&place.ticket)
    }

    /// Takes the next waiter out of the queue. With nobody left the flight ends, unless it `goes_on`
    /// in the background, or its answer does.
    pub(crate) fn next(&mut self, key: &K, flight: u64, goes_on: bool) -> Option<W> {
        let row = self.find(key, flight)?;
        let goes_on = goes_on || row.going_on.is_some();
        let next = row.waiters.pop_first();
        if next.is_some() {
            // From here on a caller drives it.
            row.deadline = None;
        }
        if next.is_none() && !goes_on {
            self.end(key, flight);
        }
        next.map(|(_, waiter)| waiter)
    }

    /// Notes that the call of a flight failed; returns those who waited if as many have failed as may, and
    /// the flight has ended.
    pub(crate) fn fail(&mut self, key: &K, flight: u64, most: u32) -> Option<Ended<W, A>> {
        let row = self.find(key, flight)?;
        row.failures = row.failures.saturating_add(1);
        (row.failures >= most).then(|| self.end(key, flight))
    }

    /// Gives `answer`, which goes on, to whoever asks until the flight ends; returns those who waited.
    pub(crate) fn go_on(&mut self, key: &K, flight: u64, answer: A) -> Ended<W, A> {
        let Some(flight) = self.find(key, flight) else {
            return Ended::gone();
        };
        Ended {
            waiters: mem::take(&mut flight.waiters),
            going_on: flight.going_on.replace(answer),
            keepable: flight.keepable,
        }
    }

    /// Keeps a flight from being joined: its answer, which goes on, was of no use to a caller.
    pub(crate) fn close(&mut self, key: &K, flight: u64) {
        if let Some(flight) = self.find(key, flight) {
            flight.joinable = false;
        }
    }

    /// Claims the right to store an answer with `tags` for `flight`, unless it was revoked. Earlier
    /// flights lose theirs.
    ///
    /// An answer is stored between two looks at the table, this one before and [`end`](Self::end)
    /// after. The store is not under the table's lock, so what is revoked in between is stored for a
    /// moment; the second look tells the flight to remove it.
    pub(crate) fn claim(&mut self, key: &K, flight: u64, tags: Arc<[Arc<str>]>) -> bool {
        let Some(flights) = self.by_key.get_mut(key) else {
            return false;
        };
        let Some(at) = flights.iter().position(|row| row.id == flight) else {
            return false;
        };
        let (earlier, from_here) = flights.split_at_mut(at);
        let flight = &mut from_here[0];
        flight.keepable &= !tags.iter().any(|tag| flight.revoked.contains(tag));
        flight.tags = Some(tags);
        if flight.keepable {
            // A call that began earlier may answer later, with an answer that is older than this one.
            for earlier in earlier {
                earlier.keepable = false;
            }
        }
        flight.keepable
    }

    /// Lets the waiters of a flight go. It stays until it has [ended](Self::end), so that what is
    /// invalidated meanwhile is taken back from the remote store, too.
    pub(crate) fn start_writing(&mut self, key: &K, flight: u64, write: Write) -> Ended<W, A> {
        let Some(flight) = self.find(key, flight) else {
            return Ended::gone();
        };
        // Whoever asks now finds the answer in the store, unless it was invalidated.
        flight.joinable = false;
        flight.writing = Some(write);
        Ended {
            waiters: mem::take(&mut flight.waiters),
            going_on: flight.going_on.take(),
            keepable: flight.keepable,
        }
    }

    /// Lets the waiters of a flight go, which goes on without a caller.
    pub(crate) fn release(&mut self, key: &K, flight: u64) -> Ended<W, A> {
        let Some(flight) = self.find(key, flight) else {
            return Ended::gone();
        };
        Ended {
            waiters: mem::take(&mut flight.waiters),
            going_on: None,
            keepable: flight.keepable,
        }
    }

    /// The writes to the remote store that are under way, of answers in `scope`.
    pub(crate) fn writes(&self, scope: &Scope<K>) -> Vec<Write> {
        let in_scope = |(key, row): &(&K, &Row<W, A>)| match scope {
            Scope::Key(own) => *key == own,
            Scope::Tag(tag) => row.tags.as_ref().is_some_and(|tags| tags.contains(tag)),
            Scope::All => true,
        };
        let rows = self.by_key.iter();
        let rows = rows.flat_map(|(key, rows)| rows.iter().map(move |row| (key, row)));
        let writes = rows.filter(in_scope).map(|(_, row)| row.writing.clone());
        writes.flatten().collect()
    }

    /// Ends a flight unless what it has written is to be taken back.
    pub(crate) fn end_if_keepable(&mut self, key: &K, flight: u64) -> bool {
        let keepable = self.find(key, flight).is_none_or(|flight| flight.keepable);
        if keepable {
            self.end(key, flight);
        }
        keepable
    }

    /// Whether the remote store may have an answer for `key` that is about to be taken back.
    pub(crate) fn is_taking_back(&self, key: &K) -> bool {
        let mut flights = self.by_key.get(key).into_iter().flatten();
        flights.any(|flight| flight.writing.is_some() && !flight.keepable)
    }

    /// Ends a flight. One that has ended before has no waiters, and nothing to keep.
    pub(crate) fn end(&mut self, key: &K, flight: u64) -> Ended<W, A> {
        let ended = self.by_key.get_mut(key).and_then(|flights| {
            let at = flights.iter().position(|f| f.id == flight)?;
            Some((flights.remove(at), flights.is_empty()))
        });
        let Some((row, was_last)) = ended else {
            return Ended::gone();
        };
        if was_last {
            self.spare = self.by_key.remove(key).unwrap_or_default();
        }
        Ended {
            waiters: row.waiters,
            going_on: row.going_on,
            keepable: row.keepable,
        }
    }

    /// Keeps the flights of `key` from being stored or joined.
    pub(crate) fn revoke(&mut self, key: &K) {
        let flights = self.by_key.get_mut(key);
        flights.into_iter().flatten().for_each(Row::revoke);
    }

    fn find(&mut self, key: &K, flight: u64) -> Option<&mut Row<W, A>> {
        let flights = self.by_key.get_mut(key)?;
        flights.iter_mut().find(|row| row.id == flight)
    }
}

#[cfg(test)]
mod tests;
