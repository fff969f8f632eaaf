use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;

use super::waiter::Waiter;
use crate::call::Priority;
use crate::limit::Amount;

/// Those who wait, in the order of their turns: pure state.
///
/// Within a priority this is start-time fair queueing. Each waiter gets a start tag: where its
/// tenant's earlier calls end, if each is as long as what it asks for. The least tag goes first.
/// Between priorities the heads are compared by when they came, a lower priority taken to have
/// come later by the aging.
#[derive(Debug)]
pub(crate) struct Queue<W> {
    /// Boxed because it is mostly empty: what each call looks at stays close together.
    classes: Box<[Class<W>; Priority::COUNT]>,
    /// Of those who give up at some time, so that the next to do so is found without a walk.
    expiries: BTreeSet<(u64, Place)>,
    aging: u64,
    next_number: u64,
    len: usize,
    /// What all ask for. It is kept because the usual question, what the last one waits for, is
    /// then answered without a walk. A sum of many `u64`s needs the wider type.
    tokens: u128,
}

/// The waiters of one priority.
#[derive(Debug)]
struct Class<W> {
    /// By start tag, then by number: of equal tags the one that came first goes first.
    waiters: BTreeMap<(u128, u64), Waiter<W>>,
    /// The start tag last served, or more. New tenants begin here, and not at 0, or they would
    /// overtake everybody who waits.
    virtual_time: u128,
    /// By tenant, the finish tag of its last waiter, where that is above the virtual time.
    finish: HashMap<u64, u128>,
}

/// Where in the queue somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    class: usize,
    tag: u128,
    number: u64,
}

impl Place {
    /// Unlike that of any other place of the queue.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl<W> Queue<W> {
    /// `aging` is in nanoseconds.
    pub(crate) fn new(aging: u64) -> Self {
        Self {
            classes: Box::new(std::array::from_fn(|_| Class {
                waiters: BTreeMap::new(),
                virtual_time: 0,
                finish: HashMap::new(),
            })),
            expiries: BTreeSet::new(),
            aging,
            next_number: 0,
            len: 0,
            tokens: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many give up at some time.
    pub(crate) fn bounded(&self) -> usize {
        self.expiries.len()
    }

    /// What all ask for, without one that asks for `mine`.
    pub(crate) fn amount_besides(&self, mine: Amount) -> Amount {
        let tokens = self.tokens.saturating_sub(u128::from(mine.tokens));
        Amount {
            calls: (self.len as u64).saturating_sub(mine.calls),
            tokens: u64::try_from(tokens).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn push(&mut self, priority: Priority, tenant: u64, waiter: Waiter<W>) -> Place {
        let number = self.next_number;
        self.next_number += 1;
        self.len += 1;
        self.tokens += u128::from(waiter.amount.tokens);
        let class = &mut self.classes[priority.index()];
        let tag = class.start_tag(tenant, waiter.amount);
        let place = Place {
            class: priority.index(),
            tag,
            number,
        };
        if let Some(at) = waiter.give_up.at() {
            self.expiries.insert((at, place));
        }
        class.waiters.insert((tag, number), waiter);
        place
    }

    /// Whose turn is next.
    pub(crate) fn front(&self) -> Option<(Place, &Waiter<W>)> {
        self.in_order().next()
    }

    /// All in the order of their turns, if nobody comes or goes.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (Place, &Waiter<W>)> {
        let mut classes = self.classes.each_ref().map(|class| class.waiters.iter());
        let mut heads = classes.each_mut().map(Iterator::next);
        std::iter::from_fn(move || {
            // Of equal times `min_by_key` takes the first, which has the higher priority.
            let class = (0..Priority::COUNT)
                .filter(|class| heads[*class].is_some())
                .min_by_key(|class| {
                    let came = heads[*class].map_or(0, |(_, waiter)| waiter.came);
                    came.saturating_add(self.aging.saturating_mul(*class as u64))
                })?;
            let (&(tag, number), waiter) =
                std::mem::replace(&mut heads[class], classes[class].next())?;
            let place = Place { class, tag, number };
            Some((place, waiter))
        })
    }

    /// What those before `place` ask for. Walks the queue unless the place is plainly the last.
    pub(crate) fn ahead_of(&self, place: Place) -> Amount {
        // Mostly all have one priority and the newcomer comes last: then the sum is known.
        let class = &self.classes[place.class].waiters;
        if let Some((&last, waiter)) = class.last_key_value() {
            if last == (place.tag, place.number) && class.len() == self.len {
                return self.amount_besides(waiter.amount);
            }
        }
        let mut ahead = Amount::NONE;
        self.in_order()
            .take_while(|(other, _)| *other != place)
            .for_each(|(_, waiter)| ahead += waiter.amount);
        ahead
    }

    /// Takes out the one whose turn it is: the virtual time moves on to its tag.
    pub(crate) fn serve(&mut self, place: Place) -> Option<Waiter<W>> {
        let waiter = self.remove(place)?;
        let class = &mut self.classes[place.class];
        if let Some(others) = NonZeroUsize::new(class.waiters.len()) {
            // Plain start-time queueing would leave the virtual time at the tag served. A stream of
            // new tenants, each with that very tag, would then keep all later tags waiting for
            // ever. So time also moves by this call's share of what the waiters ask for together.
            let share = length(waiter.amount) / (others.get() as u128 + 1);
            class.virtual_time = class.virtual_time.max(place.tag).saturating_add(share);
        }
        Some(waiter)
    }

    /// Takes out one that waits no longer. It was not served, so the virtual time stays.
    pub(crate) fn remove(&mut self, place: Place) -> Option<Waiter<W>> {
        let class = &mut self.classes[place.class];
        let waiter = class.waiters.remove(&(place.tag, place.number))?;
        if class.waiters.is_empty() {
            // With nobody left to be fair to, tags start anew: they cannot overflow in a long run.
            class.virtual_time = 0;
            class.finish.clear();
        }
        if let Some(at) = waiter.give_up.at() {
            self.expiries.remove(&(at, place));
        }
        self.len -= 1;
        self.tokens -= u128::from(waiter.amount.tokens);
        Some(waiter)
    }

    pub(crate) fn get_mut(&mut self, place: Place) -> Option<&mut Waiter<W>> {
        let class = &mut self.classes[place.class];
        class.waiters.get_mut(&(place.tag, place.number))
    }

    /// Who gives up first, and when.
    pub(crate) fn first_expiry(&self) -> Option<(u64, Place)> {
        self.expiries.first().copied()
    }
}

impl<W> Class<W> {
    /// Where a new call of `tenant` starts, after the tenant's earlier ones.
    fn start_tag(&mut self, tenant: u64, amount: Amount) -> u128 {
        // A finish tag below the virtual time changes nothing. Swept only when most can be such,
        // so that a newcomer pays for it a constant amount on average.
        if self.finish.len() > 2 * self.waiters.len() + 8 {
            let now = self.virtual_time;
            self.finish.retain(|_, tag| *tag > now);
        }
        let finish = self.finish.entry(tenant).or_insert(0);
        let start = self.virtual_time.max(*finish);
        *finish = start.saturating_add(length(amount));
        start
    }
}

/// How far a call moves its tenant's tags. A call without tokens still takes a turn, and the shift
/// leaves room for the shares of many waiters in whole numbers.
fn length(amount: Amount) -> u128 {
    u128::from(amount.tokens.max(1)) << 32
}

#[cfg(test)]
mod tests;
