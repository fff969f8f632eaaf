mod ops;
mod plain;
mod queue_full;
mod run;

use proptest::prelude::*;

use self::ops::{Op, ops, settings};
use self::run::Run;
use super::*;

const SECOND: u64 = 1_000_000_000;

fn run(ops: Vec<Op>, settings: Settings, tenants: u64) {
    let mut run = Run::new(settings, tenants);
    for op in ops {
        run.step(op);
        run.check();
    }
    // All go home: nothing is left behind.
    while let Some(name) = run.waiting.keys().next().copied() {
        run.leave(name);
        run.check();
    }
    while !run.held.is_empty() {
        run.end(0, End::Refunded);
    }
    assert_eq!(run.scheduler.account.counts().pending, Amount::NONE);
    assert!(run.scheduler.answers.is_empty() && run.scheduler.queue.is_empty());
}

proptest! {
    #[test]
    fn one_tenants_turns_are_those_of_a_plain_list(ops in ops(1), settings in settings()) {
        run(ops, settings, 1);
    }

    #[test]
    fn nobody_is_forgotten_and_no_permit_lost(ops in ops(4), settings in settings()) {
        run(ops, settings, 4);
    }
}
