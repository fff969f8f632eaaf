//! What several processes may tell, drawn at random.

use proptest::prelude::*;

use super::super::super::log::{Entry, Totals};
use super::super::super::turn::{Begins, Ended, Facts, Late, MemberId, Wanted, encode};

pub(super) const SECOND: u64 = 1_000_000_000;
const MEMBERS: MemberId = 4;

#[derive(Clone, Debug)]
pub(super) enum Op {
    Entry(Told),
    /// What of all questions, for how much, and so much later than what was heard last.
    Ask(u64, u64, u64),
}

/// An entry that comes so much later than the one before, in microseconds.
#[derive(Clone, Debug)]
pub(super) struct Told {
    passed: u64,
    facts: Vec<u8>,
    stops: bool,
    claim: Option<Claimed>,
}

impl Told {
    /// Whether there is a claim that nobody can read.
    pub(super) fn is_unread(&self) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.unread)
    }
}

#[derive(Clone, Debug)]
struct Claimed {
    bytes: Vec<u8>,
    calls: u64,
    tokens: u64,
    unread: bool,
}

/// The entries, each with what the log says of all claims by then.
pub(super) fn log(ops: &[Op]) -> Vec<(Entry, Totals)> {
    let mut at = 1_700_000_000_000_000;
    let mut totals = Totals::default();
    let told = ops.iter().filter_map(|op| match op {
        Op::Entry(told) => Some(told),
        Op::Ask(..) => None,
    });
    (1..)
        .zip(told)
        .map(|(number, told)| {
            at += told.passed;
            totals.stops += u64::from(told.stops);
            if let Some(claim) = &told.claim {
                totals.calls += claim.calls;
                totals.tokens += claim.tokens;
            }
            let claim = told.claim.as_ref().map(|claim| claim.bytes.clone());
            let facts = told.facts.clone();
            (
                Entry {
                    number,
                    at,
                    facts,
                    claim,
                },
                totals,
            )
        })
        .collect()
}

pub(super) fn ops() -> impl Strategy<Value = Vec<Op>> {
    let passed = prop_oneof![4 => 0..300_000_u64, 1 => 0..40_000_000_u64, 1 => Just(0)];
    let told = (passed, facts(), proptest::option::of(claim()));
    let told = told.prop_map(|(passed, (facts, stops), claim)| Told {
        passed,
        facts,
        stops,
        claim,
    });
    let op = prop_oneof![
        2 => told.prop_map(Op::Entry),
        1 => (any::<u64>(), 0..20_000_u64, 0..20 * SECOND).prop_map(|(what, tokens, ahead)| Op::Ask(what, tokens, ahead)),
    ];
    proptest::collection::vec(op, 1..120)
}

fn member() -> impl Strategy<Value = MemberId> {
    1..=MEMBERS
}

/// Few, so that they meet.
fn call() -> impl Strategy<Value = u64> {
    1..40_u64
}

fn ended() -> impl Strategy<Value = Ended> {
    prop_oneof![
        4 => (0..3_000_u64).prop_map(Ended::Came),
        1 => Just(Ended::Kept),
        1 => Just(Ended::Refunded),
        1 => (proptest::option::of(any::<bool>()), proptest::option::of(0..3 * SECOND))
            .prop_map(|(tokens, hold)| Ended::Throttled { tokens, hold }),
        1 => (0..20 * SECOND).prop_map(Ended::Exhausted),
    ]
}

fn facts() -> impl Strategy<Value = (Vec<u8>, bool)> {
    let late = (
        call(),
        0..2_000_u64,
        any::<bool>(),
        prop_oneof![0..1_000_u64, 0..90_000_u64],
    )
        .prop_map(|(call, tokens, is_over, ago)| Late {
            call,
            tokens,
            is_over,
            ago,
        });
    let wanted = (0..3_u8, 0..3_000_u64, 0..4 * SECOND).prop_map(|(class, tokens, worth)| Wanted {
        class,
        tokens,
        worth,
    });
    let some = |most| proptest::collection::vec(call(), 0..most);
    let facts = (
        member(),
        proptest::collection::vec(late, 0..4),
        prop_oneof![4 => Just((0, 0)), 1 => (0..20_u64, 0..9_000_u64)],
        some(4),
        proptest::collection::vec((call(), ended()), 0..5),
        proptest::option::of(proptest::collection::vec(wanted, 0..8)),
        proptest::collection::vec(member(), 0..2),
    );
    let facts = facts.prop_map(|(member, late, lacks, confirmed, ended, line, silent)| {
        let facts = Facts {
            member,
            late,
            lacks,
            confirmed,
            ended,
            line,
            silent,
        };
        (encode(&facts), facts.is_stop())
    });
    let facts = facts.boxed();
    let other = facts.clone().prop_map(|(mut bytes, _)| {
        bytes[0] ^= 0x80;
        (bytes, false)
    });
    prop_oneof![
        8 => facts,
        2 => Just((Vec::new(), false)),
        // Of another format, and what nobody can read.
        1 => other,
        1 => any::<Vec<u8>>().prop_map(|bytes| ([vec![0xff], bytes].concat(), false)),
    ]
}

fn claim() -> impl Strategy<Value = Claimed> {
    let begins = (
        member(),
        call(),
        proptest::collection::vec(0..3_000_u64, 1..4),
    );
    let begins = begins.prop_map(|(member, first, tokens)| {
        let (calls, sum) = (tokens.len() as u64, tokens.iter().sum());
        let bytes = encode(&Begins {
            member,
            first,
            tokens,
        });
        Claimed {
            bytes,
            calls,
            tokens: sum,
            unread: false,
        }
    });
    let unread = (any::<Vec<u8>>(), 1..3_u64, 0..2_000_u64);
    let unread = unread.prop_map(|(bytes, calls, tokens)| Claimed {
        bytes: [vec![0xff], bytes].concat(),
        calls,
        tokens,
        unread: true,
    });
    prop_oneof![8 => begins, 1 => unread]
}
