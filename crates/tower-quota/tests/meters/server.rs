//! The plainest server with quotas: it charges what a call may cost, and corrects it at the end.

use std::collections::VecDeque;

const MINUTE: f64 = 60.0;
/// What a bucket holds, in seconds.
pub(crate) const BURST: f64 = 10.0;
/// Sums of decimals are not quite exact.
const DUST: f64 = 1e-6;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Meter {
    Bucket,
    /// Minutes of the clock; debt is taken from the next one, a refund after the minute is void.
    Fixed,
    Sliding,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Short {
    Calls,
    Tokens,
}

#[derive(Debug)]
pub(crate) struct Server {
    calls: Option<Quota>,
    tokens: Option<Quota>,
}

/// A call that was let in.
#[derive(Debug)]
pub(crate) struct Admitted {
    reserved: f64,
    mark: u64,
}

impl Server {
    pub(crate) fn new(meter: Meter, calls: Option<f64>, tokens: Option<f64>) -> Self {
        Self {
            calls: calls.map(|limit| Quota::new(meter, limit, 1.0)),
            tokens: tokens.map(|limit| Quota::new(meter, limit, 0.0)),
        }
    }

    pub(crate) fn admit(&mut self, now: f64, tokens: f64) -> Result<Admitted, Short> {
        for (quota, amount, short) in [
            (&mut self.calls, 1.0, Short::Calls),
            (&mut self.tokens, tokens, Short::Tokens),
        ] {
            if quota.as_mut().is_some_and(|quota| !quota.fits(now, amount)) {
                return Err(short);
            }
        }
        if let Some(calls) = &mut self.calls {
            calls.charge(now, 1.0);
        }
        let mark = self
            .tokens
            .as_mut()
            .map_or(0, |quota| quota.charge(now, tokens));
        Ok(Admitted {
            reserved: tokens,
            mark,
        })
    }

    pub(crate) fn settle(&mut self, now: f64, call: &Admitted, tokens: f64) {
        if let Some(quota) = &mut self.tokens {
            quota.correct(now, call.mark, call.reserved, tokens);
        }
    }
}

#[derive(Debug)]
struct Quota {
    meter: Meter,
    limit: f64,
    capacity: f64,
    /// Of the bucket, when it was that.
    level: f64,
    at: f64,
    /// Of the minute, fixed or sliding.
    used: f64,
    minute: f64,
    charges: VecDeque<(f64, f64)>,
    first: u64,
}

impl Quota {
    fn new(meter: Meter, limit: f64, least: f64) -> Self {
        let capacity = (limit / MINUTE * BURST).max(least);
        Self {
            meter,
            limit,
            capacity,
            level: capacity,
            at: 0.0,
            used: 0.0,
            minute: 0.0,
            charges: VecDeque::new(),
            first: 0,
        }
    }

    fn advance(&mut self, now: f64) {
        let refilled = self.level + self.limit / MINUTE * (now - self.at);
        self.level = refilled.min(self.capacity);
        self.at = now;
        match self.meter {
            Meter::Bucket => {}
            Meter::Fixed => {
                let passed = (now / MINUTE).floor() - self.minute;
                self.minute += passed;
                self.used = (self.used - passed * self.limit).max(0.0);
            }
            Meter::Sliding => {
                while let Some(&(at, amount)) = self.charges.front() {
                    if now - at < MINUTE {
                        break;
                    }
                    self.charges.pop_front();
                    self.used -= amount;
                    self.first += 1;
                }
            }
        }
    }

    fn fits(&mut self, now: f64, amount: f64) -> bool {
        self.advance(now);
        match self.meter {
            Meter::Bucket => amount <= self.level + DUST,
            Meter::Fixed | Meter::Sliding => self.used + amount <= self.limit + DUST,
        }
    }

    fn charge(&mut self, now: f64, amount: f64) -> u64 {
        self.level -= amount;
        self.used += amount;
        match self.meter {
            Meter::Bucket => 0,
            Meter::Fixed => self.minute as u64,
            Meter::Sliding => {
                self.charges.push_back((now, amount));
                self.first + self.charges.len() as u64 - 1
            }
        }
    }

    fn correct(&mut self, now: f64, mark: u64, from: f64, to: f64) {
        self.advance(now);
        if to >= from {
            self.charge(now, to - from);
            return;
        }
        let refund = from - to;
        self.level += refund;
        match self.meter {
            Meter::Bucket => {}
            Meter::Fixed if mark == self.minute as u64 => self.used -= refund,
            Meter::Fixed => {}
            Meter::Sliding => {
                let index = mark.checked_sub(self.first).map(|index| index as usize);
                if let Some((_, amount)) = index.and_then(|index| self.charges.get_mut(index)) {
                    *amount -= refund;
                    self.used -= refund;
                }
            }
        }
    }
}
