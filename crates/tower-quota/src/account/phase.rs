use super::arc::Arc;
use super::{SECOND, TURNAROUND};

/// As near as the beginning of a window has to be known.
const NEAR: u64 = 2 * SECOND;
/// So much later than its first charge an entry of the window may be full.
const GRAIN: u64 = SECOND;
/// A question is worth a throttle if either answer takes off this part of what is in doubt.
const TELLING: u64 = 4;
/// What was not found is not looked for again so soon.
const GIVEN_UP: u64 = 1200 * SECOND;
/// So many throttles in a row show that what was found is wrong.
const STRIKES: u32 = 3;

/// When a window begins anew, if it does so for all its charges at once.
///
/// One that slides never does, and what is safe for that is safe for a fixed one too. But a fixed
/// one has room earlier: so a call beyond the sliding window is sent now and then. Admitted, it
/// shows that a new window began after the charges that would have been too many; throttled, that
/// none did. Each answer leaves an arc of the clock in which the beginning may lie.
#[derive(Debug)]
#[cfg_attr(
    feature = "shared",
    derive(Clone, serde::Serialize, serde::Deserialize)
)]
pub(crate) struct Phase {
    period: u64,
    /// Boxed because most limits never ask.
    found: Option<Box<Found>>,
}

#[derive(Debug, Default)]
#[cfg_attr(
    feature = "shared",
    derive(Clone, serde::Serialize, serde::Deserialize)
)]
struct Found {
    state: State,
    asked: Option<Asked>,
    strikes: u32,
}

/// The call that asks.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
struct Asked {
    at: u64,
    /// A window that began before the first has no room for the call, one that began after the
    /// second has.
    full: (u64, u64),
    /// By so much it is too much. What the server gave back before the call came is taken off.
    beyond: u64,
}

#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "shared", derive(serde::Serialize, serde::Deserialize))]
enum State {
    #[default]
    Unknown,
    /// If it is fixed a window begins in this arc. `seen`: it does not slide.
    Between { arc: Arc, seen: bool },
    /// It slides, as far as is known. Looked for again from then on.
    Slides(u64),
}

impl Phase {
    pub(crate) fn new(period: u64) -> Self {
        Self {
            period,
            found: None,
        }
    }

    fn state(&self) -> State {
        self.found
            .as_ref()
            .map_or(State::Unknown, |found| found.state)
    }

    fn found(&mut self) -> &mut Found {
        self.found.get_or_insert_default()
    }

    /// Whether there is anything to ask.
    pub(crate) fn is_in_doubt(&self, now: u64) -> bool {
        match self.state() {
            State::Unknown => true,
            State::Between { arc, seen } => !seen || arc.len() > NEAR,
            State::Slides(until) => now >= until,
        }
    }

    /// Whether the answer to a call tells enough that is too much for a window that began before
    /// `full`: a throttle that no window has begun yet; and admission, that one has. The latter is
    /// not needed of a window that is known to be fixed: what it admits is won.
    pub(crate) fn is_telling(&self, now: u64, full: (u64, u64)) -> bool {
        // What makes it too much still counts in a window that slides.
        let counts = now + GRAIN < full.0 + self.period;
        let State::Between { arc, seen } = self.state() else {
            // Just after the charges it has hardly begun anew, and a throttle would say no more.
            let over = now >= full.1 + self.period / TELLING;
            return counts && over && self.is_in_doubt(now);
        };
        let arc = arc.last_at(now, self.period);
        let left = |admitted| {
            let answer = self.answer(now, full, admitted);
            arc.both(answer, self.period).map_or(0, Arc::len)
        };
        if arc.len() <= NEAR {
            // Nothing was admitted yet: this is where it would have to be.
            let over = now > arc.to + TURNAROUND && full.0 <= arc.from;
            return !seen && counts && over && left(false) == 0;
        }
        let most = arc.len() - arc.len() / TELLING;
        counts && left(false) <= most && (seen || left(true) <= most)
    }

    /// Where a window begins by the answer to a call.
    fn answer(&self, at: u64, full: (u64, u64), admitted: bool) -> Arc {
        if admitted {
            Arc {
                from: full.0,
                to: at + TURNAROUND,
            }
        } else {
            Arc {
                from: at,
                to: at.max(full.1 + self.period) + TURNAROUND,
            }
        }
    }

    /// Whether the last call that went by it was admitted.
    pub(crate) fn is_trusted(&self) -> bool {
        self.found.as_ref().is_none_or(|found| found.strikes == 0)
    }

    /// A call was sent that is `beyond` a window that began before the first of `full`.
    pub(crate) fn ask(&mut self, at: u64, full: (u64, u64), beyond: u64) {
        self.found().asked = Some(Asked { at, full, beyond });
    }

    /// So much was given back by the server, somewhat earlier.
    pub(crate) fn refunded(&mut self, now: u64, amount: u64) {
        let asked = self.found.as_mut().and_then(|found| found.asked.as_mut());
        if let Some(asked) = asked {
            if now - asked.at <= TURNAROUND {
                asked.beyond = asked.beyond.saturating_sub(amount);
            }
        }
    }

    /// When the current window began, at the earliest, and that it has begun for sure.
    pub(crate) fn begun(&self, now: u64, jitter: u64) -> Option<u64> {
        let last = self.known()?.last_at(now, self.period);
        if last.to + jitter <= now {
            return Some(last.from);
        }
        last.from.checked_sub(self.period)
    }

    /// When the next window has begun for sure.
    pub(crate) fn next(&self, now: u64, jitter: u64) -> Option<u64> {
        let last = self.known()?.last_at(now, self.period);
        let begun = last.to + jitter;
        Some(if begun > now {
            begun
        } else {
            begun + self.period
        })
    }

    fn known(&self) -> Option<Arc> {
        match self.state() {
            State::Between { arc, seen: true } => Some(arc),
            State::Between { .. } | State::Unknown | State::Slides(_) => None,
        }
    }

    /// The call that was sent `at` that time was admitted or not, if it is the one that asked.
    pub(crate) fn answered(&mut self, at: u64, admitted: bool, now: u64) {
        let asked = self.found.as_mut().map(|found| &mut found.asked);
        let Some(asked) = asked.and_then(|asked| asked.take_if(|asked| asked.at == at)) else {
            return;
        };
        let answer = self.answer(at, asked.full, admitted);
        if asked.beyond == 0 || (admitted && answer.len() > self.period) {
            return;
        }
        let (arc, seen) = match self.state() {
            State::Between { arc, seen } => {
                let arc = arc.last_at(at, self.period);
                (arc.both(answer, self.period), seen)
            }
            State::Unknown | State::Slides(_) => (Some(answer), false),
        };
        self.found().state = match arc {
            Some(arc) => State::Between {
                arc,
                seen: seen || admitted,
            },
            // The answers contradict each other: it slides, or a neighbour was in between.
            None => State::Slides(now + GIVEN_UP),
        };
    }

    /// Something was admitted that no sliding window admits.
    pub(crate) fn is_fixed(&mut self) {
        if let Some(State::Between { seen, .. }) = self.found.as_mut().map(|found| &mut found.state)
        {
            *seen = true;
        }
    }

    /// A call that went by it was admitted.
    pub(crate) fn proved(&mut self) {
        self.found().strikes = 0;
    }

    /// A call that went by it was not: the window begins somewhat later than it seemed.
    pub(crate) fn disproved(&mut self, now: u64) {
        let found = self.found();
        found.strikes += 1;
        if let State::Between { arc, .. } = &mut found.state {
            arc.to += TURNAROUND;
        }
        if found.strikes > STRIKES {
            found.state = State::Slides(now + GIVEN_UP);
            found.strikes = 0;
        }
    }
}

#[cfg(test)]
mod tests;
