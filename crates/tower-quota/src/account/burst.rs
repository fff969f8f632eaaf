use super::SECOND;

/// After that time a bound from a throttle counts for less: it may have been a neighbour's. Each
/// time that the same is found again it holds twice as long, an hour at most.
const HOLDS: u64 = 120 * SECOND;
const HOLDS_LONGEST: u64 = 3600 * SECOND;
/// A bound younger than that is not forgotten when a call is admitted beyond it: the two may have
/// been under way at the same time.
const FRESH: u64 = 5 * SECOND;

/// How much the server's bucket holds: at least `proven`, less than `refused`.
///
/// What was admitted is hard evidence, what was throttled is not: somebody else may have used it.
/// So `refused` rises again with time.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Burst {
    pub(crate) proven: u128,
    /// What was seen of that. Somebody may have told more, who may be wrong.
    pub(crate) seen: u128,
    pub(crate) refused: Option<u128>,
    /// The same where no window explains it.
    pub(crate) refused_alone: Option<u128>,
    /// When `refused` was set or raised.
    refused_at: u64,
    /// How long it stays as it is.
    holds: u64,
}

impl Burst {
    /// `seen` goes without saying; more may be `told`.
    pub(crate) fn new(seen: u128, told: Option<u128>) -> Self {
        Self {
            proven: seen.max(told.unwrap_or(0)),
            seen,
            refused: None,
            refused_alone: None,
            refused_at: 0,
            holds: HOLDS,
        }
    }

    /// A call was admitted with so much lacking.
    pub(crate) fn admitted(&mut self, now: u64, level: u128) {
        self.seen = self.seen.max(level);
        if level <= self.proven {
            return;
        }
        self.proven = level;
        if self.refused.is_some_and(|refused| refused <= level) {
            self.holds = HOLDS;
            let fresh = now - self.refused_at < FRESH;
            self.refused = fresh.then(|| level.saturating_mul(2));
            self.refused_alone = None;
        }
    }

    /// Whether a level is no more than told.
    pub(crate) fn is_hearsay(&self, level: u128) -> bool {
        self.seen < level && level <= self.proven
    }

    /// What was told is wrong, or what seemed to be seen: no more than `level` counts.
    pub(crate) fn unlearn(&mut self, level: u128) {
        self.proven = self.proven.min(level);
        self.seen = self.seen.min(level);
    }

    /// It holds at least as much as `other`.
    pub(crate) fn raise(&mut self, other: Self) {
        self.proven = self.proven.max(other.proven);
        self.seen = self.seen.max(other.seen);
    }

    /// A call was throttled with so much lacking. `alone`: no window explains it.
    pub(crate) fn refused(&mut self, now: u64, level: u128, alone: bool) {
        if alone {
            let least = self.refused_alone.map_or(level, |least| least.min(level));
            self.refused_alone = Some(least);
        }
        if self.refused.is_none_or(|refused| level < refused) {
            self.refused = Some(level);
            self.refused_at = now;
        }
    }

    /// Lets an old bound rise by half, and forgets it above `most`.
    pub(crate) fn advance(&mut self, now: u64, most: u128) {
        if let Some(refused) = self.refused {
            if now - self.refused_at >= self.holds {
                let raised = refused.saturating_add(refused / 2);
                self.refused = (raised <= most).then_some(raised);
                self.refused_alone = self.refused_alone.and(self.refused);
                self.refused_at = now;
                self.holds = (2 * self.holds).min(HOLDS_LONGEST);
            }
        }
    }

    /// Below which level a call may try: the middle of what is proven and what was refused, until
    /// the two are close together. `close` is what is not worth a throttle any more.
    pub(crate) fn tries_below(&self, close: u128) -> u128 {
        match self.refused {
            None => u128::MAX,
            Some(refused) => {
                let gap = refused.saturating_sub(self.proven);
                if gap > close.max(refused / 10) {
                    self.proven + gap / 2
                } else {
                    0
                }
            }
        }
    }
}
