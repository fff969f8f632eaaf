use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;

use crate::call::Priority;
use crate::limit::Amount;

/// Those who wait, in the order of their turns: pure state.
///
/// Within a priority, start-time fair queueing: each waiter gets a tag, by which its tenant's
/// earlier ones are paid for, and the least tag goes first. Between priorities, the first of each
/// is compared by when it came, a lower priority taken to have come later by the aging.
#[derive(Debug)]
pub(crate) struct Queue<W> {
    /// Apart, as they are mostly empty: what is looked at in each call stays close together.
    classes: Box<[Class<W>; Priority::COUNT]>,
    /// Of those who give up at some time.
    expiries: BTreeSet<(u64, Place)>,
    aging: u64,
    next: u64,
    len: usize,
    tokens: u128,
}

#[derive(Debug)]
struct Class<W> {
    waiters: BTreeMap<(u128, u64), Waiter<W>>,
    /// The tag last served, or more.
    served: u128,
    /// By tenant, the tag of its next waiter, where that is more than `served`.
    next: HashMap<u64, u128>,
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

#[derive(Debug)]
pub(crate) struct Waiter<W> {
    pub(crate) amount: Amount,
    came: u64,
    /// Of no use after that; `u64::MAX` for never.
    pub(crate) give_up: u64,
    pub(crate) who: W,
}

impl<W> Queue<W> {
    /// `aging` is in nanoseconds.
    pub(crate) fn new(aging: u64) -> Self {
        Self {
            classes: Box::new(std::array::from_fn(|_| Class {
                waiters: BTreeMap::new(),
                served: 0,
                next: HashMap::new(),
            })),
            expiries: BTreeSet::new(),
            aging,
            next: 0,
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

    /// What all ask for but one that asks for `mine`.
    pub(crate) fn amount_besides(&self, mine: Amount) -> Amount {
        let tokens = self.tokens.saturating_sub(u128::from(mine.tokens));
        Amount {
            calls: (self.len as u64).saturating_sub(mine.calls),
            tokens: u64::try_from(tokens).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn push(
        &mut self,
        now: u64,
        (priority, tenant): (Priority, u64),
        amount: Amount,
        give_up: u64,
        who: W,
    ) -> Place {
        let number = self.next;
        self.next += 1;
        self.len += 1;
        self.tokens += u128::from(amount.tokens);
        let class = &mut self.classes[priority.index()];
        let tag = class.tag(tenant, amount);
        let place = Place {
            class: priority.index(),
            tag,
            number,
        };
        let waiter = Waiter {
            amount,
            came: now,
            give_up,
            who,
        };
        class.waiters.insert((tag, number), waiter);
        if give_up < u64::MAX {
            self.expiries.insert((give_up, place));
        }
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

    /// It is this one's turn.
    pub(crate) fn serve(&mut self, place: Place) -> Option<Waiter<W>> {
        let waiter = self.remove(place)?;
        let class = &mut self.classes[place.class];
        if let Some(others) = NonZeroUsize::new(class.waiters.len()) {
            // On by a share at least, or a stream of new tenants would keep the tag where it is.
            let share = cost(waiter.amount) / (others.get() as u128 + 1);
            class.served = class.served.max(place.tag).saturating_add(share);
        }
        Some(waiter)
    }

    /// This one waits no longer.
    pub(crate) fn remove(&mut self, place: Place) -> Option<Waiter<W>> {
        let class = &mut self.classes[place.class];
        let waiter = class.waiters.remove(&(place.tag, place.number))?;
        if class.waiters.is_empty() {
            class.served = 0;
            class.next.clear();
        }
        if waiter.give_up < u64::MAX {
            self.expiries.remove(&(waiter.give_up, place));
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
    fn tag(&mut self, tenant: u64, amount: Amount) -> u128 {
        // A tenant whose tag was served has no claim left that is to_level remembering.
        if self.next.len() > 2 * self.waiters.len() + 8 {
            let served = self.served;
            self.next.retain(|_, tag| *tag > served);
        }
        let next = self.next.entry(tenant).or_insert(0);
        let tag = self.served.max(*next);
        *next = tag.saturating_add(cost(amount));
        tag
    }
}

/// What a turn costs, in a unit that can be shared by many.
fn cost(amount: Amount) -> u128 {
    u128::from(amount.tokens.max(1)) << 32
}

#[cfg(test)]
mod tests;
