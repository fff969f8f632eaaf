//! The plainest queue, and a schedule that runs through both.

use std::collections::HashMap;

use proptest::prelude::*;

use super::super::class::length;
use super::super::*;
use super::AGING;
use crate::schedule::waiter::GiveUp;

#[derive(Clone, Debug)]
pub(super) enum Op {
    Come(Priority, u64, u64),
    Wait(u64),
    Serve,
    Leave(usize),
    /// Of those that were served, by number.
    GiveBack(usize),
}

pub(super) fn ops(tenants: u64, tokens: std::ops::Range<u64>) -> impl Strategy<Value = Vec<Op>> {
    let priority = prop_oneof![
        Just(Priority::High),
        Just(Priority::Normal),
        Just(Priority::Low)
    ];
    let op = prop_oneof![
        8 => (priority, 0..tenants, tokens).prop_map(|(p, t, n)| Op::Come(p, t, n)),
        4 => (0..2 * AGING).prop_map(Op::Wait),
        6 => Just(Op::Serve),
        2 => any::<usize>().prop_map(Op::Leave),
        1 => any::<usize>().prop_map(Op::GiveBack),
    ];
    proptest::collection::vec(op, 1..300)
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Came {
    pub(super) place: Place,
    pub(super) at: u64,
    pub(super) tokens: u64,
}

impl Came {
    pub(super) fn due(&self) -> u64 {
        self.at + AGING * self.place.class as u64
    }

    pub(super) fn turn(&self) -> (u64, usize, u64) {
        (self.due(), self.place.class, self.place.number)
    }

    pub(super) fn amount(&self) -> Amount {
        Amount::call(self.tokens)
    }
}

/// One that came first of all and waits for as long as it takes.
pub(super) fn waiter(amount: Amount) -> Waiter<()> {
    Waiter {
        amount,
        came: 0,
        give_up: GiveUp::Never,
        sleeper: None,
    }
}

/// The same without an index or a sum: a list in the order they came, walked for each question.
#[derive(Default)]
pub(super) struct Plain {
    waiting: Vec<Came>,
    /// By class and tenant, where it starts.
    starts: HashMap<(usize, u64), u128>,
    virtual_times: [u128; Priority::COUNT],
    is_oldests: [bool; Priority::COUNT],
}

impl Plain {
    fn of(&self, class: usize) -> impl DoubleEndedIterator<Item = &Came> {
        let waiting = self.waiting.iter();
        waiting.filter(move |came| came.place.class == class)
    }

    fn tenants(&self, class: usize) -> usize {
        let tenants: std::collections::HashSet<_> =
            self.of(class).map(|came| came.place.tenant).collect();
        tenants.len()
    }

    /// Where each call of the class starts, if all go.
    fn turns(&self, class: usize) -> Vec<((u128, u64), &Came)> {
        let mut starts = self.starts.clone();
        let mut turns = Vec::new();
        for came in self.of(class) {
            let start = starts.get_mut(&(class, came.place.tenant));
            let start = start.expect("it came");
            turns.push(((*start, came.place.number), came));
            *start += length(came.amount());
        }
        turns
    }

    fn push(&mut self, came: Came) {
        let Place { class, tenant, .. } = came.place;
        let start = self.starts.entry((class, tenant)).or_default();
        let is_first = |other: &Came| (other.place.class, other.place.tenant) != (class, tenant);
        if self.waiting.iter().all(is_first) {
            *start = self.virtual_times[class].max(*start);
        }
        self.waiting.push(came);
    }

    fn front(&self) -> Option<&Came> {
        let mut front: Option<&Came> = None;
        for class in 0..Priority::COUNT {
            let until = self.of(class).next().map_or(0, |oldest| oldest.at + AGING);
            let mut turns = self.turns(class);
            turns.retain(|(_, came)| {
                front.is_none_or(|front| came.due() < front.due())
                    && (came.at <= until || !self.is_oldests[class])
            });
            let first = turns.into_iter().min_by_key(|(turn, _)| *turn);
            front = first.map(|(_, came)| came).or(front);
        }
        front
    }

    fn remove(&mut self, place: Place, is_served: bool) {
        let Place { class, tenant, .. } = place;
        let at = self.waiting.iter().position(|came| came.place == place);
        let at = at.expect("it waits");
        if is_served {
            let length = length(self.waiting[at].amount());
            let share = length / self.tenants(class) as u128;
            let start = self.starts.get_mut(&(class, tenant)).expect("it came");
            self.virtual_times[class] = self.virtual_times[class].max(*start) + share;
            *start += length;
            self.is_oldests[class] = !self.is_oldests[class];
        }
        self.waiting.remove(at);
        if self.of(class).next().is_none() {
            self.starts.retain(|(other, _), _| *other != class);
            self.virtual_times[class] = 0;
            self.is_oldests[class] = false;
        }
    }

    fn give_back(&mut self, place: Place, amount: Amount) {
        let Place { class, tenant, .. } = place;
        if let Some(start) = self.starts.get_mut(&(class, tenant)) {
            let length = length(amount);
            *start = start.saturating_sub(length);
            let waits = self.of(class).any(|came| came.place.tenant == tenant);
            let tenants = self.tenants(class) + usize::from(!waits);
            let time = &mut self.virtual_times[class];
            *time = time.saturating_sub(length / tenants as u128);
        }
    }

    fn ahead_of(&self, last: &Came) -> Amount {
        let turns = self.turns(last.place.class);
        let mine = turns.iter().find(|(_, came)| *came == last);
        let mine = mine.expect("it waits").0;
        let others = self
            .waiting
            .iter()
            .filter(|other| other.place.class != last.place.class && other.turn() < last.turn());
        let own = turns.iter().filter(|(turn, _)| *turn < mine);
        let mut ahead = Amount::NONE;
        own.map(|(_, came)| *came)
            .chain(others)
            .for_each(|came| ahead += came.amount());
        ahead
    }
}

/// Runs a schedule, and looks at each one served, with those that waited then.
pub(super) fn run(
    ops: Vec<Op>,
    mut look: impl FnMut(&Came, &[Came]) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut queue = Queue::new(AGING);
    let mut plain = Plain::default();
    let mut served = Vec::new();
    let mut now = 0;
    for op in ops {
        match op {
            Op::Wait(time) => now += time,
            Op::Come(priority, tenant, tokens) => {
                let waiter = Waiter {
                    came: now,
                    give_up: GiveUp::AtDeadline(now + tokens),
                    ..waiter(Amount::call(tokens))
                };
                let place = queue.push(priority, tenant, waiter);
                plain.push(Came {
                    place,
                    at: now,
                    tokens,
                });
            }
            Op::Serve => {
                let Some(came) = plain.front().cloned() else {
                    continue;
                };
                look(&came, &plain.waiting)?;
                plain.remove(came.place, true);
                queue.serve(came.place).expect("it waits");
                prop_assert!(queue.serve(came.place).is_none());
                served.push(came);
            }
            Op::Leave(n) if !plain.waiting.is_empty() => {
                let place = plain.waiting[n % plain.waiting.len()].place;
                plain.remove(place, false);
                queue.remove(place).expect("it waits");
            }
            Op::GiveBack(n) if !served.is_empty() => {
                let came: Came = served.swap_remove(n % served.len());
                plain.give_back(came.place, came.amount());
                queue.give_back(came.place, came.amount());
            }
            Op::Leave(_) | Op::GiveBack(_) => {}
        }
        prop_assert_eq!(queue.len(), plain.waiting.len());
        let expiry = plain.waiting.iter().map(|came| came.at + came.tokens).min();
        prop_assert_eq!(queue.first_expiry().map(|(at, _)| at), expiry);
        let front = queue.front().map(|(place, _)| place);
        prop_assert_eq!(front, plain.front().map(|came| came.place));
        for came in &plain.waiting {
            prop_assert_eq!(queue.ahead_of(came.place), plain.ahead_of(came));
        }
        let lowest = (0..Priority::COUNT).rev();
        let mut lowest = lowest.map(|class| plain.turns(class));
        let lowest = lowest.find(|turns| !turns.is_empty()).unwrap_or_default();
        let last = lowest.into_iter().max_by_key(|(turn, _)| *turn);
        prop_assert_eq!(
            queue.last().map(|(place, _)| place),
            last.map(|(_, came)| came.place)
        );
        prop_assert_eq!(queue.in_order().count(), queue.len());
    }
    Ok(())
}
