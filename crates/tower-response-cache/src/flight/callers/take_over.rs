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
            // To find that nobody waits and to end the flight is one visit to the table: a caller
            // that joins in between would wait for a flight that nobody drives.
            let next = self.with(|table| table.next(key, flight, finish && work.is_some()));
            let Some(waiter) = next else { return work };
            // Sent, the lead is the waiter's, even if it is dropped before it looks: see `Wait`. The
            // work comes back if the waiter left between being chosen and being told.
            let Err(Message::TakeOver(back)) = waiter.send(Message::TakeOver(work)) else {
                return None;
            };
            work = back;
        }
    }
}
