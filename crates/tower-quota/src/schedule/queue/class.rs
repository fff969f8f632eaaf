use std::collections::{BTreeSet, HashMap};

use super::super::waiter::Waiter;
use super::line::{Line, Turn, look};
use crate::limit::Amount;

/// The waiters of one priority, of whom tenants take turns.
///
/// This is start-time fair queueing by tenant. A tenant starts where the calls of it that were let
/// go end, if each is as long as what it asked for, and the tenant that starts least is the next to
/// send its first call. Only calls that go move their tenant on, so one that is rejected or goes
/// away has cost nothing.
#[derive(Debug)]
pub(super) struct Class<W> {
    line: Line<Waiting<W>>,
    tenants: HashMap<u64, Tenant>,
    /// The last call of each tenant that waits. The greatest of all is the last in turn.
    lasts: BTreeSet<Turn>,
    /// About where tenants start that were let go last. New tenants begin here, and not at 0, or
    /// they would overtake everybody who waits.
    virtual_time: u128,
    /// Whether this turn is the oldest's, as every other is.
    is_oldests: bool,
}

/// A call that waits, between those of its tenant that came before and behind it.
#[derive(Debug)]
struct Waiting<W> {
    waiter: Waiter<W>,
    tenant: u64,
    before: Option<u64>,
    behind: Option<u64>,
}

#[derive(Debug, Default)]
struct Tenant {
    /// Where its first call starts. It is kept for one that waits no more, until the virtual time
    /// is there too.
    start: u128,
    /// How long its calls are together.
    length: u128,
    /// The numbers of its first call and its last one.
    calls: Option<(u64, u64)>,
}

impl<W> Class<W> {
    pub(super) fn new() -> Self {
        Self {
            line: Line::new(),
            tenants: HashMap::new(),
            lasts: BTreeSet::new(),
            virtual_time: 0,
            is_oldests: false,
        }
    }

    pub(super) fn push(&mut self, number: u64, tenant: u64, waiter: Waiter<W>) {
        self.forget();
        let (came, amount) = (waiter.came, waiter.amount);
        let state = self.tenants.entry(tenant).or_default();
        let last = state.calls.map(|(_, last)| last);
        let waiting = Waiting {
            waiter,
            tenant,
            before: last,
            behind: None,
        };
        self.line.push(number, came, amount, waiting);
        if let Some(last) = last {
            self.lasts.remove(&last_turn(&self.line, state));
            link(&mut self.line, last, |last| last.behind = Some(number));
        } else {
            state.start = state.start.max(self.virtual_time);
            self.line.set_turn(number, state.start);
        }
        state.calls = Some((state.calls.map_or(number, |(first, _)| first), number));
        state.length = state.length.saturating_add(length(amount));
        self.lasts.insert(last_turn(&self.line, state));
    }

    /// Takes out one that is let go, or one that waits no longer, which costs its tenant nothing.
    pub(super) fn remove(&mut self, number: u64, is_let_go: bool) -> Option<Waiter<W>> {
        let tenant = self.line.get(number)?.tenant;
        let state = self.tenants.get_mut(&tenant)?;
        self.lasts.remove(&last_turn(&self.line, state));
        let gone = self.line.remove(number)?;
        let length = length(gone.waiter.amount);
        state.length = state.length.saturating_sub(length);
        if is_let_go {
            // Plain start-time queueing would leave the virtual time where this call starts. New
            // tenants, who begin right there, would then always go before those who have had a
            // turn. So time also moves by the share of this call that each tenant has got.
            let share = length / (self.lasts.len() as u128 + 1);
            self.virtual_time = self.virtual_time.max(state.start).saturating_add(share);
            state.start = state.start.saturating_add(length);
            self.is_oldests = !self.is_oldests;
        }
        if let Some(before) = gone.before {
            link(&mut self.line, before, |before| before.behind = gone.behind);
        } else if let Some(behind) = gone.behind {
            self.line.set_turn(behind, state.start);
        }
        if let Some(behind) = gone.behind {
            link(&mut self.line, behind, |behind| behind.before = gone.before);
        }
        state.calls = state.calls.and_then(|(first, last)| {
            let first = if first == number { gone.behind? } else { first };
            let last = if last == number { gone.before? } else { last };
            Some((first, last))
        });
        if state.calls.is_some() {
            self.lasts.insert(last_turn(&self.line, state));
        } else if self.line.is_empty() {
            self.start_anew();
        }
        Some(gone.waiter)
    }

    /// One that was let go did not run after all: its tenant gets the turn back, and the others get
    /// no share of it.
    pub(super) fn give_back(&mut self, tenant: u64, amount: Amount) {
        let Some(state) = self.tenants.get_mut(&tenant) else {
            return;
        };
        let last = last_turn(&self.line, state);
        let length = length(amount);
        let others = self.lasts.len() - usize::from(state.calls.is_some());
        let share = length / (others as u128 + 1);
        self.virtual_time = self.virtual_time.saturating_sub(share);
        state.start = state.start.saturating_sub(length);
        if let Some((first, _)) = state.calls {
            self.lasts.remove(&last);
            self.line.set_turn(first, state.start);
            self.lasts.insert(last_turn(&self.line, state));
        }
    }

    /// With nobody left to be fair to, no number needs to grow on: none overflows in a long run.
    fn start_anew(&mut self) {
        self.line.clear();
        self.tenants.clear();
        self.tenants.shrink_to(8);
        self.virtual_time = 0;
        self.is_oldests = false;
    }

    /// Whose turn it is, of those that came at a time of which `is_early` is true.
    ///
    /// A stream of new tenants would put off the later calls of an old one for ever. So every other
    /// turn is for those alone that came within the aging after the oldest.
    pub(super) fn first(&self, aging: u64, is_early: impl Fn(u64) -> bool) -> Option<u64> {
        let oldest = self.line.oldest()?;
        let until = oldest.saturating_add(aging);
        let is_oldests = self.is_oldests;
        let slots = self
            .line
            .until(|came| is_early(came) && (came <= until || !is_oldests));
        self.line.first_turn(slots)
    }

    /// Whose turn comes last.
    pub(super) fn last(&self) -> Option<u64> {
        self.lasts.last().map(|(_, number)| *number)
    }

    /// It and its tenant.
    pub(super) fn get(&self, number: u64) -> Option<(u64, &Waiter<W>)> {
        let waiting = self.line.get(number)?;
        Some((waiting.tenant, &waiting.waiter))
    }

    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut Waiter<W>> {
        self.line.get_mut(number).map(|waiting| &mut waiting.waiter)
    }

    /// When it came, as the order of the line has it.
    pub(super) fn came(&self, number: u64) -> Option<u64> {
        self.line.came(number)
    }

    /// What those ask for that came at a time of which `is_early` is true.
    pub(super) fn amount(&self, is_early: impl Fn(u64) -> bool) -> Amount {
        self.line.amount(self.line.until(is_early))
    }

    /// What those ask for whose turn comes before this one's. With several tenants that takes a
    /// walk of them, unless it is the last in turn.
    pub(super) fn ahead_of(&self, number: u64) -> Amount {
        if self.lasts.len() == 1 {
            return self.line.amount_before(number);
        }
        if self.last() == Some(number) {
            return self.line.amount_besides(number);
        }
        let mut ahead = Amount::NONE;
        let Some(turn) = self.turn_of(number) else {
            return ahead;
        };
        for tenant in self.tenants.values() {
            let before = self.turns(tenant).take_while(|(other, _)| *other < turn);
            before.for_each(|(_, waiter)| ahead += waiter.amount);
        }
        ahead
    }

    /// All, in turn.
    pub(super) fn in_order(&self) -> Vec<u64> {
        let mut turns: Vec<_> = self
            .tenants
            .values()
            .flat_map(|tenant| self.turns(tenant))
            .map(|(turn, _)| turn)
            .collect();
        turns.sort_unstable();
        turns.into_iter().map(|(_, number)| number).collect()
    }

    /// The calls of one tenant and their turns, if each goes.
    fn turns<'a>(&'a self, tenant: &Tenant) -> impl Iterator<Item = (Turn, &'a Waiter<W>)> {
        let mut start = tenant.start;
        let mut next = tenant.calls.map(|(first, _)| first);
        std::iter::from_fn(move || {
            look();
            let number = next?;
            let waiting = self.line.get(number)?;
            next = waiting.behind;
            let turn = (start, number);
            start = start.saturating_add(length(waiting.waiter.amount));
            Some((turn, &waiting.waiter))
        })
    }

    fn turn_of(&self, number: u64) -> Option<Turn> {
        let tenant = self.tenants.get(&self.line.get(number)?.tenant)?;
        if tenant.calls.is_some_and(|(_, last)| last == number) {
            // It is a newcomer mostly.
            return Some(last_turn(&self.line, tenant));
        }
        let mut turns = self.turns(tenant).map(|(turn, _)| turn);
        turns.find(|(_, other)| *other == number)
    }

    /// Forgets tenants that do not wait and would start no later than new ones. It is done only
    /// when most can be such, so that a newcomer pays for it a constant on average.
    fn forget(&mut self) {
        if self.tenants.len() > 2 * self.lasts.len() + 8 {
            let now = self.virtual_time;
            self.tenants
                .retain(|_, tenant| tenant.calls.is_some() || tenant.start > now);
        }
    }

    #[cfg(test)]
    pub(super) fn tenants(&self) -> usize {
        self.tenants.len()
    }
}

/// The turn of a tenant's last call, or the least where it has none.
fn last_turn<W>(line: &Line<Waiting<W>>, tenant: &Tenant) -> Turn {
    let last = tenant.calls.map_or(0, |(_, last)| last);
    let own = line.get(last).map_or(0, |last| length(last.waiter.amount));
    let end = tenant.start.saturating_add(tenant.length);
    (end.saturating_sub(own), last)
}

fn link<W>(line: &mut Line<Waiting<W>>, number: u64, change: impl FnOnce(&mut Waiting<W>)) {
    if let Some(waiting) = line.get_mut(number) {
        change(waiting);
    }
}

/// How far a call moves its tenant on. A call without tokens still takes a turn, and the shift
/// leaves room for the shares of many tenants in whole numbers.
pub(super) fn length(amount: Amount) -> u128 {
    u128::from(amount.tokens.max(1)) << 32
}
