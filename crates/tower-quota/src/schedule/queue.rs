use std::collections::BTreeSet;

use self::class::Class;
use super::waiter::Waiter;
use crate::call::Priority;
use crate::limit::Amount;

mod class;
mod line;

/// Those who wait, in the order of their turns: pure state.
///
/// A call is due when it came, a lower priority so many times the aging later. No call goes before
/// one of a lower priority that is due earlier, whatever their tenants. Within those bounds the
/// higher priority goes first, and in each priority tenants take turns.
#[derive(Debug)]
pub(crate) struct Queue<W> {
    /// None while nobody waits: for most keys that is always.
    classes: Vec<Class<W>>,
    /// Of those who give up at some time, so that the next to do so is found without a walk.
    expiries: BTreeSet<(u64, Place)>,
    aging: u64,
    next_number: u64,
    len: usize,
    /// What all ask for. It is kept because the usual question, what the last one waits for, is
    /// then answered without a search. A sum of many `u64`s needs the wider type.
    tokens: u128,
}

/// Where in the queue somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    class: usize,
    number: u64,
    tenant: u64,
}

impl Place {
    /// Its priority: the lower goes first.
    #[cfg(feature = "shared")]
    pub(crate) fn class(&self) -> u8 {
        self.class as u8
    }

    /// Unlike that of any other place of the queue.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

impl<W> Queue<W> {
    /// `aging` is in nanoseconds.
    pub(crate) fn new(aging: u64) -> Self {
        Self {
            classes: Vec::new(),
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
        let place = Place {
            class: priority.index(),
            number: self.next_number,
            tenant,
        };
        if self.classes.is_empty() {
            self.classes
                .extend((0..Priority::COUNT).map(|_| Class::new()));
        }
        self.next_number += 1;
        self.len += 1;
        self.tokens += u128::from(waiter.amount.tokens);
        if let Some(at) = waiter.give_up.at() {
            self.expiries.insert((at, place));
        }
        self.classes[place.class].push(place.number, tenant, waiter);
        place
    }

    /// Whose turn is next.
    pub(crate) fn front(&self) -> Option<(Place, &Waiter<W>)> {
        let mut front = None;
        let mut due = None;
        for (index, class) in self.classes.iter().enumerate() {
            // A lower priority takes the turn over if any of its calls is due before, and then it
            // is the turn of one of those.
            let is_early = |came| due.is_none_or(|due| self.due(index, came) < due);
            if let Some(number) = class.first(self.aging, is_early) {
                due = class.came(number).map(|came| self.due(index, came));
                front = Some((index, number));
            }
        }
        let (class, number) = front?;
        self.at(class, number)
    }

    /// Who goes away first where there are too many: of the lowest priority that waits, whose turn
    /// comes last.
    pub(crate) fn last(&self) -> Option<(Place, &Waiter<W>)> {
        let classes = self.classes.iter().enumerate();
        let last = classes
            .rev()
            .find_map(|(index, class)| Some((index, class.last()?)));
        let (class, number) = last?;
        self.at(class, number)
    }

    /// All in the order of their turns, if nobody comes or goes: about so where tenants and
    /// priorities are mixed.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (Place, &Waiter<W>)> {
        let classes: Vec<_> = self.classes.iter().map(Class::in_order).collect();
        let mut heads = [0; Priority::COUNT];
        std::iter::from_fn(move || {
            let mut first: Option<(u64, usize, u64)> = None;
            for (index, class) in classes.iter().enumerate() {
                let Some(&number) = class.get(heads[index]) else {
                    continue;
                };
                let came = self.classes[index].came(number)?;
                let due = self.due(index, came);
                if first.is_none_or(|(earliest, ..)| due < earliest) {
                    first = Some((due, index, number));
                }
            }
            let (_, class, number) = first?;
            heads[class] += 1;
            self.at(class, number)
        })
    }

    /// What those ask for who go before `place`, if nobody comes or goes. It may be more than that
    /// where tenants and priorities are mixed.
    pub(crate) fn ahead_of(&self, place: Place) -> Amount {
        let mut ahead = self.classes[place.class].ahead_of(place.number);
        let Some(came) = self.classes[place.class].came(place.number) else {
            return ahead;
        };
        let mine = (self.due(place.class, came), place.class);
        for (index, class) in self.classes.iter().enumerate() {
            if index != place.class {
                ahead += class.amount(|came| (self.due(index, came), index) < mine);
            }
        }
        ahead
    }

    /// Takes out the one whose turn it is: that costs its tenant the turn.
    pub(crate) fn serve(&mut self, place: Place) -> Option<Waiter<W>> {
        self.take(place, true)
    }

    /// Takes out one that waits no longer.
    pub(crate) fn remove(&mut self, place: Place) -> Option<Waiter<W>> {
        self.take(place, false)
    }

    /// The one that was served at `place` did not run.
    pub(crate) fn give_back(&mut self, place: Place, amount: Amount) {
        if let Some(class) = self.classes.get_mut(place.class) {
            class.give_back(place.tenant, amount);
        }
    }

    pub(crate) fn get_mut(&mut self, place: Place) -> Option<&mut Waiter<W>> {
        self.classes.get_mut(place.class)?.get_mut(place.number)
    }

    /// Who gives up first, and when.
    pub(crate) fn first_expiry(&self) -> Option<(u64, Place)> {
        self.expiries.first().copied()
    }

    fn take(&mut self, place: Place, is_let_go: bool) -> Option<Waiter<W>> {
        let class = self.classes.get_mut(place.class)?;
        let waiter = class.remove(place.number, is_let_go)?;
        if let Some(at) = waiter.give_up.at() {
            self.expiries.remove(&(at, place));
        }
        self.len -= 1;
        self.tokens -= u128::from(waiter.amount.tokens);
        if self.len == 0 {
            // With nobody left to be fair to there is nothing to remember.
            self.classes = Vec::new();
        }
        Some(waiter)
    }

    fn at(&self, class: usize, number: u64) -> Option<(Place, &Waiter<W>)> {
        let (tenant, waiter) = self.classes[class].get(number)?;
        let place = Place {
            class,
            number,
            tenant,
        };
        Some((place, waiter))
    }

    fn due(&self, class: usize, came: u64) -> u64 {
        came.saturating_add(self.aging.saturating_mul(class as u64))
    }
}

#[cfg(test)]
mod tests;
