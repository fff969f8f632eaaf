use std::{cmp::Reverse, collections::BinaryHeap};

use super::quotas::Marks;

/// What happens at the server or the client, to the call of that number. Of what happens in the
/// same millisecond the first of these is first: what is given back can be taken at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Answered(usize, Marks),
    NeighbourAnswered(usize, Marks),
    Back(usize),
    Arrives(usize),
    NeighbourArrives(usize),
}

/// What will happen, by the time.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    now: u64,
    events: BinaryHeap<Reverse<(u64, Event)>>,
}

impl Agenda {
    pub(super) fn add(&mut self, at: u64, event: Event) {
        self.events.push(Reverse((at, event)));
    }

    pub(super) fn next_at(&self) -> Option<u64> {
        self.events.peek().map(|Reverse((at, _))| *at)
    }

    /// The next event that is due at `now`, which is the time from then on.
    pub(super) fn due(&mut self, now: u64) -> Option<Event> {
        self.now = now;
        if self.next_at()? > now {
            return None;
        }
        self.events.pop().map(|Reverse((_, event))| event)
    }

    pub(super) fn now(&self) -> u64 {
        self.now
    }
}
