//! A server that counts, without neighbours.

use proptest::prelude::*;

use super::MINUTE;
use crate::account::SECOND;

/// A server that holds `capacity` and has nobody else to serve.
#[derive(Clone, Debug)]
pub(super) enum Server {
    Bucket { capacity: u64 },
    Fixed { phase: u64 },
    Sliding,
}

pub(super) struct Counted {
    server: Server,
    amount: u64,
    /// Every charge: when, how much of it stands, and when that was corrected.
    charges: Vec<(u64, u64)>,
    level: u128,
    at: u64,
}

impl Counted {
    pub(super) fn new(server: Server, amount: u64) -> Self {
        Self {
            server,
            amount,
            charges: Vec::new(),
            level: 0,
            at: 0,
        }
    }

    /// In parts of a token of which a period has one a nanosecond.
    fn drain(&mut self, now: u64) {
        let out = u128::from(self.amount) * u128::from(now - self.at);
        self.level = self.level.saturating_sub(out);
        self.at = now;
    }

    pub(super) fn admits(&mut self, now: u64, x: u64) -> bool {
        self.drain(now);
        let fits = match self.server {
            Server::Bucket { capacity } => self.level + worth(x) <= worth(capacity),
            Server::Fixed { phase } => {
                let begun = (now + phase) / MINUTE * MINUTE;
                self.sum(|at| at + phase >= begun) + x <= self.amount
            }
            Server::Sliding => self.sum(|at| at + MINUTE > now) + x <= self.amount,
        };
        if fits {
            self.level += worth(x);
            self.charges.push((now, x));
        }
        fits
    }

    pub(super) fn settle(&mut self, now: u64, at: u64, reserved: u64, actual: u64) {
        self.drain(now);
        self.level = self.level.saturating_sub(worth(reserved - actual));
        let charge = self
            .charges
            .iter_mut()
            .rev()
            .find(|charge| charge.0 == at && charge.1 == reserved);
        charge.expect("it was charged").1 = actual;
    }

    fn sum(&self, counts: impl Fn(u64) -> bool) -> u64 {
        self.charges
            .iter()
            .filter(|charge| counts(charge.0))
            .map(|charge| charge.1)
            .sum()
    }
}

pub(super) fn worth(x: u64) -> u128 {
    u128::from(MINUTE) * u128::from(x)
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    Wait(u64),
    /// Until the call that waits is to ask again.
    WaitForTurn,
    Send(u64),
    /// One of those under way comes to such a part of its reservation, in percent.
    Settle(usize, u64),
    Cancel(u64),
    Confirm(usize),
}

pub(super) fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        2 => (0..3 * SECOND).prop_map(Op::Wait),
        1 => (0..40 * SECOND).prop_map(Op::Wait),
        4 => Just(Op::WaitForTurn),
        8 => (1..4_000_u64).prop_map(Op::Send),
        4 => (any::<usize>(), 0..=100_u64).prop_map(|(n, part)| Op::Settle(n, part)),
        1 => (1..4_000_u64).prop_map(Op::Cancel),
        1 => any::<usize>().prop_map(Op::Confirm),
    ];
    proptest::collection::vec(op, 1..400)
}

pub(super) fn servers(amount: u64) -> impl Strategy<Value = Server> {
    prop_oneof![
        (4_000..=amount).prop_map(|capacity| Server::Bucket { capacity }),
        (0..MINUTE).prop_map(|phase| Server::Fixed { phase }),
        Just(Server::Sliding),
    ]
}
