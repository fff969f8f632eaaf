use crate::limit::Amount;

/// A turn among tenants: where the call starts in virtual time and, of equal ones, its number.
pub(super) type Turn = (u128, u64);

const NO_TURN: Turn = (u128::MAX, u64::MAX);

/// Calls in the order they came, with a tree above them: sums and the least turn of any run of
/// calls take a logarithm of the queue to find.
///
/// Calls come at the end and go from anywhere, so a gone one leaves an empty slot behind. The slots
/// are closed up when the last is taken, which a call pays for by a constant on average.
#[derive(Debug)]
pub(super) struct Line<T> {
    slots: Vec<Slot<T>>,
    /// The root is at 1, the children of `n` at `2n` and `2n + 1`; the second half are the slots.
    nodes: Vec<Node>,
    /// No slot before this one is taken.
    first: usize,
    len: usize,
}

/// An empty slot keeps its number and time: both rise along the line, and are searched.
#[derive(Debug)]
struct Slot<T> {
    number: u64,
    came: u64,
    call: Option<T>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    amount: Amount,
    turn: Turn,
}

impl Node {
    const EMPTY: Self = Self {
        amount: Amount::NONE,
        turn: NO_TURN,
    };

    fn and(mut self, other: Self) -> Self {
        self.amount += other.amount;
        self.turn = self.turn.min(other.turn);
        self
    }
}

impl<T> Line<T> {
    pub(super) fn new() -> Self {
        Self {
            slots: Vec::new(),
            nodes: Vec::new(),
            first: 0,
            len: 0,
        }
    }

    /// Forgets all slots, and keeps the memory of a few.
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.slots.shrink_to(8);
        self.nodes.clear();
        self.nodes.shrink_to(16);
        self.first = 0;
        self.len = 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many slots are those that came at a time of which `is_early` is true, as it is of every
    /// earlier time.
    pub(super) fn until(&self, is_early: impl Fn(u64) -> bool) -> usize {
        self.slots.partition_point(|slot| {
            look();
            is_early(slot.came)
        })
    }

    /// When the one that waits longest came.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.slots.get(self.first).map(|slot| slot.came)
    }

    /// Lines up a call that has no turn yet. Numbers rise; time does not go back.
    pub(super) fn push(&mut self, number: u64, came: u64, amount: Amount, call: T) {
        if self.slots.len() == self.nodes.len() / 2 {
            self.close_up();
        }
        let came = came.max(self.slots.last().map_or(0, |slot| slot.came));
        self.slots.push(Slot {
            number,
            came,
            call: Some(call),
        });
        self.len += 1;
        let turn = NO_TURN;
        self.put(self.slots.len() - 1, Node { amount, turn });
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, number: u64) -> Option<T> {
        let index = self.index(number)?;
        let call = self.slots[index].call.take()?;
        self.len -= 1;
        self.put(index, Node::EMPTY);
        while self
            .slots
            .get(self.first)
            .is_some_and(|slot| slot.call.is_none())
        {
            self.first += 1;
        }
        Some(call)
    }

    /// It is its tenant's turn to send this one, at `start` in virtual time.
    pub(super) fn set_turn(&mut self, number: u64, start: u128) {
        if let Some(index) = self.index(number) {
            let amount = self.nodes[self.nodes.len() / 2 + index].amount;
            let turn = (start, number);
            self.put(index, Node { amount, turn });
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<&T> {
        self.slots[self.index(number)?].call.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        let index = self.index(number)?;
        self.slots[index].call.as_mut()
    }

    /// When it came.
    pub(super) fn came(&self, number: u64) -> Option<u64> {
        Some(self.slots[self.index(number)?].came)
    }

    /// What those in the first `slots` ask for.
    pub(super) fn amount(&self, slots: usize) -> Amount {
        self.sum(0, slots).amount
    }

    /// What all ask for that came before that one.
    pub(super) fn amount_before(&self, number: u64) -> Amount {
        self.index(number)
            .map_or(Amount::NONE, |index| self.amount(index))
    }

    /// What all ask for but that one.
    pub(super) fn amount_besides(&self, number: u64) -> Amount {
        let behind = self.index(number).map_or(0, |index| index + 1);
        let mut amount = self.amount_before(number);
        amount += self.sum(behind, self.slots.len()).amount;
        amount
    }

    /// Of those in the first `slots`, the one that has the least turn.
    pub(super) fn first_turn(&self, slots: usize) -> Option<u64> {
        let (start, number) = self.sum(0, slots).turn;
        ((start, number) != NO_TURN).then_some(number)
    }

    fn index(&self, number: u64) -> Option<usize> {
        let found = self.slots.binary_search_by(|slot| {
            look();
            slot.number.cmp(&number)
        });
        found.ok()
    }

    /// All of the slots from `start` to `end` together.
    fn sum(&self, start: usize, end: usize) -> Node {
        let leaves = self.nodes.len() / 2;
        let (mut start, mut end) = (leaves + start, leaves + end);
        let mut sum = Node::EMPTY;
        while start < end {
            look();
            if start % 2 == 1 {
                sum = sum.and(self.nodes[start]);
                start += 1;
            }
            if end % 2 == 1 {
                end -= 1;
                sum = sum.and(self.nodes[end]);
            }
            start /= 2;
            end /= 2;
        }
        sum
    }

    fn put(&mut self, index: usize, node: Node) {
        let mut at = self.nodes.len() / 2 + index;
        self.nodes[at] = node;
        while at > 1 {
            look();
            at /= 2;
            self.nodes[at] = self.nodes[2 * at].and(self.nodes[2 * at + 1]);
        }
    }

    /// Makes as much room behind the calls as they take.
    fn close_up(&mut self) {
        let leaves = self.nodes.len() / 2;
        let taken = self.slots.iter().zip(&self.nodes[leaves..]);
        let taken = taken.filter(|(slot, _)| slot.call.is_some());
        let taken: Vec<_> = taken.map(|(_, node)| *node).collect();
        self.slots.retain(|slot| slot.call.is_some());
        self.first = 0;
        let leaves = (2 * self.len).next_power_of_two().max(4);
        self.nodes.clear();
        self.nodes.shrink_to(4 * leaves);
        self.nodes.resize(leaves, Node::EMPTY);
        self.nodes.extend(taken);
        self.nodes.resize(2 * leaves, Node::EMPTY);
        for at in (1..leaves).rev() {
            look();
            self.nodes[at] = self.nodes[2 * at].and(self.nodes[2 * at + 1]);
        }
    }
}

/// Counts the steps of all the loops here, for the tests: time would depend on the machine.
#[cfg(test)]
pub(super) fn look() {
    LOOKS.with(|looks| looks.set(looks.get() + 1));
}

#[cfg(not(test))]
pub(super) fn look() {}

#[cfg(test)]
thread_local! {
    pub(super) static LOOKS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests;
