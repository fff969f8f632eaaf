use std::hash::Hash;

use super::{locked_table::LockedTable, message::Message, work::Work};

impl<K: Hash + Eq, V> LockedTable<K, V> {
    /// Gives the lead of a flight, with its work, to the caller that has waited longest.
    ///
    /// If nobody waits it returns the work. The flight has ended then, unless there is work and
    /// `finish` says that it goes on.
    pub(crate) fn pass_on(
        &self,
        key: &K,
        flight: u64,
        mut work: Option<Work>,
        finish: bool,
    ) -> Option<Work> {
        loop {
            // One visit to the table finds that nobody waits and ends the flight: a caller that joins
            // in between would wait for a flight that nobody drives.
            let next = self.with(|table| table.next(key, flight, finish && work.is_some()));
            let Some(waiter) = next else { return work };
            // Once it is sent, the lead belongs to the waiter, even to one that is dropped before it
            // looks: see `Wait`. The work comes back if the waiter left between being chosen and being
            // told.
            let Err(Message::TakeOver(back)) = waiter.send(Message::TakeOver(work)) else {
                return None;
            };
            work = back;
        }
    }
}
