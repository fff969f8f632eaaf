//! What may happen to a key, drawn at random.

use std::time::Duration;

use proptest::prelude::*;

use crate::account::Account;
use crate::call::Priority;
use crate::limit::{Limit, Limits};
use crate::settings::Settings;

use super::SECOND;

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    /// Without being told the time.
    Wait(u64),
    /// To when it has to be told the time.
    Sleep,
    /// With a deadline so long from now, or none, and with so long to wait.
    Come(Priority, u64, u64, Option<u64>, Option<u64>),
    /// Of those who wait or have not asked yet, by number.
    Leave(usize),
    Ask(usize),
    /// Of those under way, by number.
    Settle(usize, u64),
    Refund(usize),
    Keep(usize),
    Confirm(usize),
    Throttle(usize, Option<u64>),
    Exhaust(usize, u64),
    SetLimits(u64, u64),
    Close,
}

pub(super) fn ops(tenants: u64) -> impl Strategy<Value = Vec<Op>> {
    let priority = prop_oneof![
        Just(Priority::High),
        Just(Priority::Normal),
        Just(Priority::Low)
    ];
    let bound = proptest::option::of(0..60 * SECOND);
    let op = prop_oneof![
        2 => (0..5 * SECOND).prop_map(Op::Wait),
        6 => Just(Op::Sleep),
        12 => (priority, 0..tenants, 0..20_u64, bound.clone(), bound)
            .prop_map(|(priority, tenant, tokens, bound, wait)| {
                Op::Come(priority, tenant, tokens, bound, wait)
            }),
        2 => any::<usize>().prop_map(Op::Leave),
        6 => any::<usize>().prop_map(Op::Ask),
        4 => (any::<usize>(), 0..40_u64).prop_map(|(n, tokens)| Op::Settle(n, tokens)),
        1 => any::<usize>().prop_map(Op::Refund),
        1 => any::<usize>().prop_map(Op::Keep),
        1 => any::<usize>().prop_map(Op::Confirm),
        1 => (10..100_u64, 15..1000_u64).prop_map(|(calls, tokens)| Op::SetLimits(calls, tokens)),
        1 => Just(Op::SetLimits(0, 0)),
        1 => (any::<usize>(), proptest::option::of(0..3 * SECOND))
            .prop_map(|(n, hint)| Op::Throttle(n, hint)),
        1 => (any::<usize>(), 0..10 * SECOND).prop_map(|(n, hint)| Op::Exhaust(n, hint)),
    ];
    let close = proptest::option::of(any::<proptest::sample::Index>());
    (proptest::collection::vec(op, 1..150), close).prop_map(|(mut ops, close)| {
        if let Some(index) = close {
            ops.insert(index.index(ops.len()), Op::Close);
        }
        ops
    })
}

pub(super) fn settings() -> impl Strategy<Value = Settings> {
    (1..30_usize, proptest::option::of(0..40_u64)).prop_map(|(max_queue, max_wait)| Settings {
        max_queue,
        max_wait: max_wait.map(Duration::from_secs),
        aging: Duration::from_secs(3),
        ..Settings::default()
    })
}

/// Limits of nothing are not known.
pub(super) fn limits(calls: u64, tokens: u64) -> Vec<Limit> {
    if calls == 0 {
        return Limits::unknown().or_probing();
    }
    vec![
        Limit::calls_per_minute(calls).burst(3),
        Limit::tokens_per_minute(tokens).burst(tokens / 15),
    ]
}

pub(super) fn account() -> Account {
    Account::new(limits(60, 600), 0)
}
