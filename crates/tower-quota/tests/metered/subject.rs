//! The layer that is measured, and all of its interface that the table needs.

use std::time::Duration;

use tower::Layer;
use tower_quota::{
    Ask, Cost, Handle, Limit, Limits, MemoryLedger, Quota, QuotaLayer, Rejected, Reservation,
    Settle, Unit,
};

use super::server::Short;
use super::wire::{Answer, Throttled};
use super::workload::{Call, Told, Workload};

/// A service behind the layer.
pub(crate) type Subject<S> = Quota<S, Tokens, MemoryLedger<u8>>;

/// The layer before it is around anything.
pub(crate) type Layered = QuotaLayer<Tokens, MemoryLedger<u8>>;

/// What the layer's ledger says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Books {
    pub(crate) pending_calls: u64,
    pub(crate) pending_tokens: u64,
    pub(crate) queued: usize,
    pub(crate) throttled: u64,
    /// Of all that are settled, in tokens.
    pub(crate) reserved: u64,
    pub(crate) used: u64,
    /// What counts of the limits, in their units, added up.
    pub(crate) counts: u64,
}

/// Puts the layer around `inner`.
pub(crate) fn around<S>(inner: S, limits: Limits) -> (Subject<S>, Ledger) {
    let layer = layer(limits);
    let ledger = Ledger(layer.handle());
    (layer.layer(inner), ledger)
}

/// The layer alone.
pub(crate) fn layer(limits: Limits) -> Layered {
    QuotaLayer::new(limits, Tokens)
}

/// What the layer is told for a workload.
pub(crate) fn told(workload: &Workload) -> Limits {
    let limit = |per_minute: fn(u64) -> Limit, amount: Option<f64>| {
        let amount = amount?;
        let limit = per_minute(amount.round() as u64);
        Some(match workload.told {
            Told::Burst(seconds) => limit.burst((amount / 60.0 * seconds).round() as u64),
            Told::Truth | Told::Times(_) | Told::Nothing => limit,
        })
    };
    if workload.told == Told::Nothing {
        return nothing();
    }
    let limits = workload.told_limits();
    let calls = limit(Limit::calls_per_minute, limits.calls);
    let tokens = limit(Limit::tokens_per_minute, limits.tokens);
    calls.into_iter().chain(tokens).collect()
}

/// Nothing is known.
pub(crate) fn nothing() -> Limits {
    Limits::unknown()
}

#[derive(Clone, Debug)]
pub(crate) struct Ledger(Handle<u8>);

impl Ledger {
    pub(crate) fn books(&self) -> Books {
        let Some(usage) = self.0.snapshot(&0) else {
            return Books::default();
        };
        Books {
            pending_calls: usage.pending_calls,
            pending_tokens: usage.pending_tokens,
            queued: usage.queued,
            throttled: usage.throttled,
            reserved: usage.total_reserved,
            used: usage.total_used,
            counts: usage.limits.iter().map(|limit| limit.used).sum(),
        }
    }
}

/// What calls cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens;

impl Cost<Call, Answer, Throttled> for Tokens {
    type Key = u8;
    type Context = ();

    fn ask(&self, call: &Call) -> (Ask<u8>, ()) {
        (Ask::new(0).tokens(call.reserved), ())
    }

    fn settle(&self, (): &(), result: &mut Result<Answer, Throttled>) -> Settle {
        match result {
            Ok(answer) if answer.rest.is_some() => Settle::Later,
            Ok(answer) => Settle::Used(answer.used),
            Err(throttled) => match throttled.short {
                Some(Short::Calls) => Settle::short_of(Unit::Calls),
                Some(Short::Tokens) => Settle::short_of(Unit::Tokens),
                None => Settle::throttled(),
            },
        }
    }

    fn later(&self, (): (), result: &mut Result<Answer, Throttled>, reservation: Reservation) {
        if let Ok(Answer {
            rest: Some(rest), ..
        }) = result
        {
            rest.end = Some(Box::new(|tokens| reservation.settle(tokens)));
        }
    }

    fn throttled(&self, err: &mut Throttled, wait: Duration) {
        err.wait = wait;
    }
}

impl From<Rejected> for Throttled {
    fn from(rejected: Rejected) -> Self {
        panic!("nothing is to be rejected: {rejected}")
    }
}
