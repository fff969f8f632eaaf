//! A server with quotas of its own, by any of the meters in use.
//!
//! It charges what a call reserves when it comes, and corrects that when the call ends.

use std::collections::VecDeque;

use super::neighbour::{Neighbour, TICK, taken_at};

const MINUTE: f64 = 60.0;
/// Sums of decimals are not quite exact, in tokens and in seconds.
const DUST: f64 = 1e-6;
const INSTANT: f64 = 1e-9;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Meter {
    /// Holds what the rate brings in so many seconds, and at least the largest call.
    Bucket(f64),
    /// Minutes of a clock. What ends after its minute is not given back; a debt counts in the
    /// minute in which the call ends.
    Fixed,
    /// Any sixty seconds. A refund counts from when the call came, a debt from when it ended.
    Sliding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Short {
    Calls,
    Tokens,
}

/// What there is in a minute of each unit; nothing is counted where there is no limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PerMinute {
    pub(crate) calls: Option<f64>,
    pub(crate) tokens: Option<f64>,
}

/// A call that was let in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admitted {
    reserved: f64,
    mark: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Server {
    calls: Option<Quota>,
    tokens: Option<Quota>,
    neighbours: Vec<Neighbour>,
    ticks: u64,
}

impl Server {
    /// `phase` is where in a fixed minute it begins, in seconds.
    pub(crate) fn new(meter: Meter, limits: PerMinute, largest: f64, phase: f64) -> Self {
        let quota = |largest| move |limit| Quota::new(meter, limit, largest, phase);
        Self {
            calls: limits.calls.map(quota(1.0)),
            tokens: limits.tokens.map(quota(largest)),
            neighbours: Vec::new(),
            ticks: 0,
        }
    }

    pub(crate) fn beside(self, neighbours: &[Neighbour]) -> Self {
        Self {
            neighbours: neighbours.to_vec(),
            ..self
        }
    }

    pub(crate) fn admit(&mut self, now: f64, tokens: f64) -> Result<Admitted, Short> {
        self.advance(now);
        for (quota, amount, short) in self.quotas(tokens) {
            if !quota.fits(now, amount) {
                return Err(short);
            }
        }
        for (quota, amount, _) in self.quotas(tokens) {
            quota.charge(now, amount);
        }
        let mark = self.tokens.as_ref().map_or(0, Quota::mark);
        Ok(Admitted {
            reserved: tokens,
            mark,
        })
    }

    pub(crate) fn settle(&mut self, now: f64, call: Admitted, tokens: f64) {
        self.advance(now);
        if let Some(quota) = &mut self.tokens {
            quota.correct(now, call.mark, call.reserved, tokens);
        }
    }

    /// The earliest time at which such a call may fit, if no other takes anything until then.
    pub(crate) fn may_fit_at(&mut self, now: f64, tokens: f64) -> f64 {
        self.advance(now);
        let times = self.quotas(tokens);
        times
            .map(|(quota, amount, _)| quota.fits_at(now, amount))
            .fold(now, f64::max)
    }

    /// The neighbours take theirs on time, though nobody looks then.
    fn advance(&mut self, now: f64) {
        if self.neighbours.is_empty() {
            return;
        }
        while self.ticks as f64 * TICK <= now {
            let tick = self.ticks as f64 * TICK;
            for quota in self.calls.iter_mut().chain(&mut self.tokens) {
                let room = quota.room(tick).max(0.0);
                let taken = taken_at(tick, quota.limit, &self.neighbours).min(room);
                if taken > 0.0 {
                    quota.charge(tick, taken);
                }
            }
            self.ticks += 1;
        }
    }

    fn quotas(&mut self, tokens: f64) -> impl Iterator<Item = (&mut Quota, f64, Short)> {
        let calls = self
            .calls
            .iter_mut()
            .map(|quota| (quota, 1.0, Short::Calls));
        let quotas = self.tokens.iter_mut();
        calls.chain(quotas.map(move |quota| (quota, tokens, Short::Tokens)))
    }
}

#[derive(Clone, Debug)]
struct Quota {
    limit: f64,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Bucket {
        capacity: f64,
        level: f64,
        at: f64,
    },
    Fixed {
        phase: f64,
        minute: u64,
        used: f64,
    },
    Sliding {
        charges: VecDeque<(f64, f64)>,
        /// How many charges were there before the first of these.
        gone: u64,
        used: f64,
    },
}

impl Quota {
    fn new(meter: Meter, limit: f64, largest: f64, phase: f64) -> Self {
        let state = match meter {
            Meter::Bucket(seconds) => {
                let capacity = (limit / MINUTE * seconds).max(largest);
                State::Bucket {
                    capacity,
                    level: capacity,
                    at: 0.0,
                }
            }
            Meter::Fixed => State::Fixed {
                phase,
                minute: 0,
                used: 0.0,
            },
            Meter::Sliding => State::Sliding {
                charges: VecDeque::new(),
                gone: 0,
                used: 0.0,
            },
        };
        Self { limit, state }
    }

    /// What is left at `now`; negative in debt.
    fn room(&mut self, now: f64) -> f64 {
        let limit = self.limit;
        match &mut self.state {
            State::Bucket {
                capacity,
                level,
                at,
            } => {
                *level = (*level + (now - *at) * limit / MINUTE).min(*capacity);
                *at = now;
                *level
            }
            State::Fixed {
                phase,
                minute,
                used,
            } => {
                let current = ((now + *phase + INSTANT) / MINUTE) as u64;
                if current != *minute {
                    (*minute, *used) = (current, 0.0);
                }
                limit - *used
            }
            State::Sliding {
                charges,
                gone,
                used,
            } => {
                while let Some(&(at, amount)) = charges.front() {
                    if at + MINUTE > now + INSTANT {
                        break;
                    }
                    charges.pop_front();
                    *used -= amount;
                    *gone += 1;
                }
                limit - *used
            }
        }
    }

    fn fits(&mut self, now: f64, amount: f64) -> bool {
        amount <= self.room(now) + DUST
    }

    fn fits_at(&mut self, now: f64, amount: f64) -> f64 {
        let missing = amount - self.room(now) - DUST;
        if missing <= 0.0 {
            return now;
        }
        match &self.state {
            State::Bucket { .. } => now + missing * MINUTE / self.limit + INSTANT,
            State::Fixed { phase, minute, .. } => (minute + 1) as f64 * MINUTE - phase,
            State::Sliding { charges, .. } => {
                let mut freed = 0.0;
                let enough = charges.iter().find(|(_, amount)| {
                    freed += amount;
                    freed >= missing
                });
                enough.map_or(f64::INFINITY, |(at, _)| at + MINUTE)
            }
        }
    }

    fn charge(&mut self, now: f64, amount: f64) {
        self.room(now);
        match &mut self.state {
            State::Bucket { level, .. } => *level -= amount,
            State::Fixed { used, .. } => *used += amount,
            State::Sliding { charges, used, .. } => {
                charges.push_back((now, amount));
                *used += amount;
            }
        }
    }

    /// Where the last charge is found again.
    fn mark(&self) -> u64 {
        match &self.state {
            State::Bucket { .. } => 0,
            State::Fixed { minute, .. } => *minute,
            State::Sliding { charges, gone, .. } => gone + charges.len() as u64 - 1,
        }
    }

    fn correct(&mut self, now: f64, mark: u64, from: f64, to: f64) {
        if to > from {
            return self.charge(now, to - from);
        }
        self.room(now);
        let refund = from - to;
        match &mut self.state {
            State::Bucket {
                capacity, level, ..
            } => *level = (*level + refund).min(*capacity),
            State::Fixed { minute, used, .. } => {
                if mark == *minute {
                    *used -= refund;
                }
            }
            State::Sliding {
                charges,
                gone,
                used,
            } => {
                let index = mark.checked_sub(*gone).map(|index| index as usize);
                if let Some((_, amount)) = index.and_then(|index| charges.get_mut(index)) {
                    *amount -= refund;
                    *used -= refund;
                }
            }
        }
    }
}
