use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Calls in the order in which they were sent, until they are old enough to be judged.
///
/// Calls sent in quick succession share a slot, so that memory does not grow with the load.
#[derive(Debug, Default)]
pub(crate) struct SentCalls {
    slots: VecDeque<Slot>,
    /// The number of the first slot that is not judged yet. Numbers wrap around, after weeks of a
    /// slot each half millisecond; no call is under way for so long.
    first: u32,
}

#[derive(Debug)]
struct Slot {
    /// When its first call was sent, and its last.
    began: Instant,
    ended: Instant,
    calls: Calls,
}

/// How many calls are under way and how many failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) under_way: u32,
    pub(crate) failed: u32,
}

/// How finely calls are told apart: the age at which they are judged is so many slots long.
const SLOTS: u32 = 32;

/// More only while that age grows quickly; the last slot then takes what comes, and is judged late.
const MOST_SLOTS: usize = 2 * SLOTS as usize;

impl SentCalls {
    /// A call is sent; they are judged at the age of `age`. Returns the number of its slot.
    pub(crate) fn send(&mut self, now: Instant, age: Duration) -> u32 {
        let full = self.slots.len() >= MOST_SLOTS;
        match self.slots.back_mut() {
            Some(slot) if full || now.saturating_duration_since(slot.began) < age / SLOTS => {
                slot.ended = slot.ended.max(now);
                slot.calls.under_way += 1;
            }
            _ => self.slots.push_back(Slot {
                began: now,
                ended: now,
                calls: Calls {
                    under_way: 1,
                    failed: 0,
                },
            }),
        }
        self.first.wrapping_add(self.slots.len() as u32 - 1)
    }

    /// The calls of a slot; `None` if they are judged already.
    pub(crate) fn of_slot(&mut self, number: u32) -> Option<&mut Calls> {
        let index = number.wrapping_sub(self.first);
        self.slots
            .get_mut(index as usize)
            .map(|slot| &mut slot.calls)
    }

    /// Takes out the first slot if all its calls were sent longer ago than `age`.
    pub(crate) fn judge(&mut self, now: Instant, age: Duration) -> Option<Calls> {
        let slot = self.slots.front()?;
        if now.saturating_duration_since(slot.ended) <= age {
            return None;
        }
        self.first = self.first.wrapping_add(1);
        self.slots.pop_front().map(|slot| slot.calls)
    }

    /// The number of the first slot that is not judged yet.
    pub(crate) fn first(&self) -> u32 {
        self.first
    }

    /// Forgets the calls. Their slots' numbers are not given again.
    pub(crate) fn clear(&mut self) {
        self.first = self.first.wrapping_add(self.slots.len() as u32);
        self.slots = VecDeque::new();
    }
}

#[cfg(all(test, not(loom)))]
impl SentCalls {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }
}

#[cfg(all(test, loom))]
impl SentCalls {
    pub(crate) fn under_way(&self) -> u32 {
        self.slots.iter().map(|slot| slot.calls.under_way).sum()
    }
}
