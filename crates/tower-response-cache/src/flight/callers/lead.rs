use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};
use std::{any::Any, future::poll_fn, mem, sync::Arc};

use tokio::time::{Instant, timeout};

use super::locked_table::{Key, LockedTable, Value};
use crate::store::remote::RemoteLead;

use super::{background::Background, flight_table::Ended, message::Waiter, work::Work};

/// The lead of a flight, with its work once there is one. Dropped, both pass to the next waiter.
pub(crate) struct Lead<K: Key, V: Value> {
    flights: Arc<LockedTable<K, V>>,
    key: K,
    flight: u64,
    stage: Stage,
    /// Whether a task drives it, not a caller.
    detached: bool,
    /// Whether another began the work.
    took_over: bool,
    /// The lead among processes, until the call is begun.
    remote: Option<RemoteLead>,
}

/// The work is gone, and the lead has none.
pub(crate) struct Lost;

enum Stage {
    Idle,
    Working(Work),
    Over,
}

impl<K: Key, V: Value> Lead<K, V> {
    /// Leads a new flight, whether or not there is one.
    pub(crate) fn start(flights: &Arc<LockedTable<K, V>>, key: K) -> Self {
        let flight = flights.with(|table| table.start(key.clone()));
        Self::of(flights, key, flight, None)
    }

    /// Leads a new flight unless there is one to join.
    pub(crate) fn start_first(flights: &Arc<LockedTable<K, V>>, key: K) -> Option<Self> {
        // In one visit to the table: between two visits another caller could start a flight.
        let flight = flights.with(|table| {
            let is_first = !table.is_joinable(&key, Instant::now);
            is_first.then(|| table.start(key.clone()))
        })?;
        Some(Self::of(flights, key, flight, None))
    }

    /// Leads a flight that was started already.
    pub(super) fn of(
        flights: &Arc<LockedTable<K, V>>,
        key: K,
        flight: u64,
        work: Option<Work>,
    ) -> Self {
        Self {
            flights: Arc::clone(flights),
            key,
            flight,
            took_over: work.is_some(),
            stage: work.map_or(Stage::Idle, Stage::Working),
            detached: false,
            remote: None,
        }
    }

    pub(crate) fn key(&self) -> &K {
        &self.key
    }

    pub(crate) fn flight(&self) -> u64 {
        self.flight
    }

    pub(crate) fn lead_among_processes(&mut self, lead: Option<RemoteLead>) {
        self.remote = lead;
    }

    pub(crate) fn take_remote(&mut self) -> Option<RemoteLead> {
        self.remote.take()
    }

    pub(crate) fn has_work(&self) -> bool {
        matches!(self.stage, Stage::Working(_))
    }

    pub(crate) fn begin(&mut self, work: Work) {
        self.stage = Stage::Working(work);
        self.took_over = false;
    }

    /// Drives the work, which ends the flight itself.
    ///
    /// Work that was taken over and panics is [`Lost`], and its panic not the driver's: it may have been
    /// begun on a runtime that has shut down since.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        slot: &mut dyn Any,
    ) -> Poll<Result<(), Lost>> {
        // Taken out first: work that panics is dropped with the panic, and what is left to pass on
        // is the lead alone. The next waiter makes a new call.
        let Stage::Working(mut work) = mem::replace(&mut self.stage, Stage::Idle) else {
            panic!("polled without work");
        };
        let mut drive = AssertUnwindSafe(|| work.as_mut().drive(cx, slot));
        let driven = if self.took_over {
            // The work is not looked at again after a panic, only dropped.
            catch_unwind(drive)
        } else {
            Ok(drive.0())
        };
        match driven {
            Err(_) => return Poll::Ready(Err(Lost)),
            Ok(Poll::Pending) => {
                self.stage = Stage::Working(work);
                return Poll::Pending;
            }
            Ok(Poll::Ready(())) => self.stage = Stage::Over,
        }
        Poll::Ready(Ok(()))
    }

    /// Ends the flight without work.
    pub(crate) fn end(mut self) -> Ended<Waiter<V>, Arc<V>> {
        self.stage = Stage::Over;
        self.flights.with(|table| table.end(&self.key, self.flight))
    }

    /// Drives the work in a task of its own, for a limited time. Nobody else finishes it if that task is
    /// stopped.
    pub(crate) fn detach(mut self, background: &Background) {
        self.detached = true;
        let limit = self.flights.background_timeout();
        // Its own clock may stand still, as that of a runtime that nobody drives. So those who wait have
        // the deadline, too.
        let deadline = Instant::now().checked_add(limit);
        (self.flights).with(|table| table.set_deadline(&self.key, self.flight, deadline));
        background.spawn(async move {
            let mut work = poll_fn(|cx| self.poll(cx, &mut ()));
            if deadline.is_none() {
                drop(work.await);
            } else if timeout(limit, &mut work).await.is_err() {
                self.give_up_work();
            }
        });
    }

    /// Drops work that hangs, so that whoever is next makes a new call.
    fn give_up_work(mut self) {
        self.stage = Stage::Idle;
    }

    /// Notes the tags that the answer may have.
    pub(crate) fn expect_tags(&self, tags: Arc<[Arc<str>]>) {
        (self.flights).with(|table| table.expect_tags(&self.key, self.flight, tags));
    }
}

impl<K: Key, V: Value> Drop for Lead<K, V> {
    fn drop(&mut self) {
        let work = match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Over => return,
            Stage::Idle => None,
            Stage::Working(work) => Some(work),
        };
        // A task that is dropped means a runtime that shuts down: a second task there would be
        // dropped as well, and start a third one.
        let finish = !self.detached && self.flights.finish_abandoned();
        let background = finish.then(Background::at_hand).flatten();
        let left = (self.flights).pass_on(&self.key, self.flight, work, background.is_some());
        if let (Some(work), Some(background)) = (left, background) {
            Self::of(&self.flights, self.key.clone(), self.flight, Some(work)).detach(&background);
        }
    }
}
