use super::{SECOND, TURNAROUND};

/// As near as the beginning of a window has to be known.
const NEAR: u64 = 2 * SECOND;
/// So much later than its first charge an entry of the window may be full.
const GRAIN: u64 = SECOND;
/// What was not found is not looked for again so soon.
const GIVEN_UP: u64 = 1200 * SECOND;
/// So many throttles in a row show that what was found is wrong.
const STRIKES: u32 = 3;

/// When a window begins anew, if it does so for all its charges at once.
///
/// One that slides never does, and what is safe for that is safe for a fixed one too. But a fixed
/// one has room earlier: so a call beyond the sliding window is sent now and then. Admitted, it
/// shows that a new window began after the charges that would have been too many; throttled, that
/// none did. Each answer halves the time in which the beginning may lie.
#[derive(Debug)]
pub(crate) struct Phase {
    period: u64,
    /// Boxed because most limits never ask.
    found: Option<Box<Found>>,
}

#[derive(Debug, Default)]
struct Found {
    state: State,
    asked: Option<Asked>,
    strikes: u32,
}

/// The call that asks.
#[derive(Clone, Copy, Debug)]
struct Asked {
    at: u64,
    /// A window that began before the first has no room for the call, one that began after the
    /// second has.
    full: (u64, u64),
    /// By so much it is too much. What the server gave back before the call came is taken off.
    beyond: u64,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Unknown,
    /// If it is fixed a window begins in this time, and each period before and after.
    Between { from: u64, to: u64, seen: bool },
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

    /// When a call beyond the window is worth a throttle.
    pub(crate) fn asks_at(&self, now: u64) -> Option<u64> {
        match self.state() {
            State::Unknown => Some(now),
            State::Between { from, to, .. } if to - from > NEAR => {
                // The middle half: calls do not come when they are asked to.
                let quarter = (to - from) / 4;
                let periods = now.saturating_sub(to - quarter).div_ceil(self.period);
                Some(now.max(from + quarter + periods * self.period))
            }
            // Nothing was admitted yet: this is where it would have to be.
            State::Between { to, seen, .. } if !seen => {
                let at = to + TURNAROUND;
                let periods = now.saturating_sub(at).div_ceil(self.period);
                Some(at + periods * self.period)
            }
            State::Between { .. } => None,
            State::Slides(until) => (now >= until).then_some(now),
        }
    }

    /// Whether the answer to a call tells something that is too much for a window that began before
    /// `full`: a throttle that no window has begun yet; and admission, that one has. The latter is
    /// not needed of a window that is known to be fixed: what it admits is won.
    pub(crate) fn is_telling(&self, now: u64, full: (u64, u64)) -> bool {
        // What makes it too much still counts in a window that slides.
        let counts = now + GRAIN < full.0 + self.period;
        match self.state() {
            State::Unknown | State::Slides(_) => counts,
            State::Between { from, to, seen } => {
                let (from, to) = self.latest(from, to, now);
                counts && full.1 <= from && (seen || to <= full.0 + self.period + GRAIN)
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
        let found = self.found.as_mut();
        if let Some(asked) = found.and_then(|found| found.asked.as_mut()) {
            if now - asked.at <= TURNAROUND {
                asked.beyond = asked.beyond.saturating_sub(amount);
            }
        }
    }

    /// When the current window began, at the earliest, and that it has begun for sure.
    pub(crate) fn begun(&self, now: u64, jitter: u64) -> Option<u64> {
        let (from, to) = self.known()?;
        let periods = now.checked_sub(to + jitter)? / self.period;
        Some(from + periods * self.period)
    }

    /// When the next window has begun for sure.
    pub(crate) fn next(&self, now: u64, jitter: u64) -> Option<u64> {
        let (_, to) = self.known()?;
        let periods = now.saturating_sub(to + jitter) / self.period + 1;
        Some(to + jitter + periods * self.period)
    }

    fn known(&self) -> Option<(u64, u64)> {
        match self.state() {
            State::Between {
                from,
                to,
                seen: true,
            } => Some((from, to)),
            State::Between { .. } | State::Unknown | State::Slides(_) => None,
        }
    }

    /// The call that was sent `at` that time was admitted or not, if it is the one that asked.
    pub(crate) fn answered(&mut self, at: u64, admitted: bool, now: u64) {
        let found = self.found.as_mut();
        let asked = found.and_then(|found| found.asked.take_if(|asked| asked.at == at));
        let Some(asked) = asked else { return };
        if asked.beyond == 0 {
            return;
        }
        let (from, to, seen) = match self.state() {
            State::Between { from, to, seen } => {
                let (from, to) = self.latest(from, to, at);
                match admitted {
                    // Where the window before this one may have begun late enough it says nothing.
                    true if to > asked.full.0 + self.period + GRAIN => (from, to, true),
                    true => (from, to.min(at + TURNAROUND), true),
                    false => (from.max(at), to, seen),
                }
            }
            State::Unknown | State::Slides(_) if admitted => (asked.full.0, at + TURNAROUND, true),
            State::Unknown | State::Slides(_) => {
                (at, asked.full.1 + TURNAROUND + self.period, false)
            }
        };
        // Where the answers contradict each other it slides, or a neighbour was in between.
        self.found().state = if from >= to {
            State::Slides(now + GIVEN_UP)
        } else {
            State::Between { from, to, seen }
        };
    }

    /// Something was admitted that no sliding window admits.
    pub(crate) fn is_fixed(&mut self) {
        if let State::Between { seen, .. } = &mut self.found().state {
            *seen = true;
        }
    }

    /// Of the times in which a window may begin the last that has begun.
    fn latest(&self, from: u64, to: u64, now: u64) -> (u64, u64) {
        let periods = now.saturating_sub(from) / self.period * self.period;
        (from + periods, to + periods)
    }

    /// A call that went by it was admitted.
    pub(crate) fn proved(&mut self) {
        self.found().strikes = 0;
    }

    /// A call that went by it was not: the window begins somewhat later than it seemed.
    pub(crate) fn disproved(&mut self, now: u64) {
        let found = self.found();
        found.strikes += 1;
        if let State::Between { to, .. } = &mut found.state {
            *to += TURNAROUND;
        }
        if found.strikes > STRIKES {
            found.state = State::Slides(now + GIVEN_UP);
            found.strikes = 0;
        }
    }
}

#[cfg(test)]
mod tests;
