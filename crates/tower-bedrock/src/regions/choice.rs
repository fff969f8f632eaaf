//! Which Region does a call go to?

use super::set::Set;
use std::time::Duration;

/// How long a call waits in a Region before it is worth to look at the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    pub(crate) any: Duration,
    /// At most, where the call's prompt is in the Region's cache and elsewhere is not.
    pub(crate) at_home: Duration,
}

impl Patience {
    /// A call that has to start within `left` has no more patience than that.
    pub(crate) fn within(self, left: Option<Duration>) -> Self {
        let left = left.unwrap_or(Duration::MAX);
        Self {
            any: self.any.min(left),
            at_home: self.at_home.min(left),
        }
    }
}

/// What is missing in a cache is paid twice: in money, and by others, who wait for the quota that it takes.
/// With more, the simulation takes longer by a tenth for each, and moves half as much of the little.
const WORTH: u32 = 2;

impl Patience {
    /// For a Region that has the call's prompt, where elsewhere so much of it is missing.
    pub(crate) fn where_others_lack(self, cold: Duration) -> Duration {
        let worth = self.any.saturating_add(cold.saturating_mul(WORTH));
        worth.min(self.at_home)
    }
}

/// The Region that was chosen, by its place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) region: usize,
    /// How long the call would wait there.
    pub(crate) wait: Duration,
    /// What is missing in its prompt cache, as time of its quota.
    pub(crate) cold: Duration,
}

impl Choice {
    /// What the call costs there, in time.
    pub(crate) fn sum(&self) -> Duration {
        self.wait.saturating_add(self.cold)
    }
}

/// The first of the `candidates`, in their order, where a call waits no longer than its patience, what
/// is missing in the prompt cache counted in; else the one where both come to least. `None` if there are none.
///
/// Where the `warm` ones have the prompt in their cache, and others have not, those come first, and the call
/// has [more patience](Patience::where_others_lack) with them. `wait` is asked as seldom as possible, and once
/// for each at most; `cold` only of those that are not warm.
pub(crate) fn choose(
    candidates: Set,
    warm: Set,
    patience: Patience,
    cold: impl Fn(usize) -> Duration,
    mut wait: impl FnMut(usize) -> Duration,
) -> Option<Choice> {
    let warm = candidates.and(warm);
    let cold = |region| {
        if warm.has(region) {
            Duration::ZERO
        } else {
            cold(region)
        }
    };
    let mut least: Option<Choice> = None;
    let mut look = |among: Set| {
        for region in among.iter() {
            let (wait, cold) = (wait(region), cold(region));
            let offer = Choice { region, wait, cold };
            if offer.sum() <= patience.any {
                least = Some(offer);
                return (least, true);
            }
            if least.is_none_or(|least| offer.sum() < least.sum()) {
                least = Some(offer);
            }
        }
        (least, false)
    };
    if warm.is_empty() || warm == candidates {
        return look(candidates).0;
    }
    let (found, at_once) = look(warm);
    let rest = candidates.without(warm);
    let lacks = || rest.iter().map(cold).min().unwrap_or_default();
    let is_home = |found: Choice| found.wait <= patience.where_others_lack(lacks());
    if at_once || found.is_some_and(is_home) {
        return found;
    }
    look(rest).0
}

#[cfg(test)]
mod tests;
