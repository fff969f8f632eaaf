use proptest::prelude::*;

use super::*;

const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MILLISECOND;
/// The longest way to the log or back.
const WAY: u64 = 80 * MILLISECOND;
/// How far the log's clock is from the local one at first.
const APART: u64 = 1_700_000_000 * SECOND;

#[derive(Clone, Debug)]
enum Op {
    /// Nothing is heard for so long.
    Wait(u64),
    /// A question that takes so long to the log and back.
    Ask(u64, u64),
    /// Something that comes from the log and takes so long.
    Hear(u64),
    /// The process stands still while that comes, and hears of it after so much longer.
    Stopped(u64, u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let way = || prop_oneof![3 => 0..WAY, 1 => 0..MILLISECOND, 1 => Just(WAY)];
    let op = prop_oneof![
        2 => (0..2 * SECOND).prop_map(Op::Wait),
        1 => (0..100 * SECOND).prop_map(Op::Wait),
        4 => (way(), way()).prop_map(|(to, from)| Op::Ask(to, from)),
        4 => way().prop_map(Op::Hear),
        1 => (way(), 0..60 * SECOND).prop_map(|(way, late)| Op::Stopped(way, late)),
    ];
    proptest::collection::vec(op, 1..80)
}

/// The log's time in whole microseconds, as it says it.
fn said(log: u64) -> u64 {
    log / 1_000 * 1_000
}

proptest! {
    /// By no more than a way before it and behind it, but for what clocks drift apart between.
    #[test]
    fn is_as_near_to_the_log_as_the_ways_are_long(ops in ops(), drift in -90_i64..=90) {
        // In millionths: less than what is allowed for.
        let local = |now: u64| now + SECOND * 1_000 - now / 1_000_000 * 90 + now / 1_000_000 * (90 + drift) as u64;
        let mut now = SECOND;
        let mut clock = Clock::new(local(now));
        clock.set(said(now + APART), local(now));
        let mut heard = now;
        for op in ops {
            match op {
                Op::Wait(time) => now += time,
                Op::Ask(to, from) => {
                    let (sent, log) = (now, said(now + to + APART));
                    now += to + from;
                    clock.answered(log, local(sent), local(now));
                    heard = now;
                }
                Op::Hear(way) => {
                    let log = said(now + APART);
                    now += way;
                    clock.heard(log, local(now));
                    heard = now;
                }
                Op::Stopped(way, late) => {
                    let log = said(now + APART);
                    now += way + late;
                    clock.heard(log, local(now));
                }
            }
            let known = clock.log(local(now));
            let (truth, drifted) = (now + APART, (now - heard) / DRIFT + MILLISECOND);
            prop_assert!(known <= truth + WAY + drifted, "{} too early", known - truth);
            prop_assert!(truth <= known + WAY + drifted, "{} too late", truth - known);
            let there = clock.local(known);
            prop_assert!(there.abs_diff(local(now)) <= 1);
            prop_assert!(clock.answer() <= 2 * WAY + LEAST);
        }
    }

    /// Whatever comes late does not set it back, but for the little by which clocks drift apart.
    #[test]
    fn does_not_go_back(ops in ops(), lates in proptest::collection::vec((0..500 * SECOND, any::<bool>(), 0..SECOND), 1..40)) {
        let mut now = SECOND;
        let mut clock = Clock::new(now);
        clock.set(now + APART, now);
        let mut before = (now, clock.log(now));
        for (op, (late, answers, took)) in ops.into_iter().zip(lates) {
            now += match op {
                Op::Wait(time) | Op::Hear(time) | Op::Ask(time, _) | Op::Stopped(_, time) => time,
            };
            let log = (now + APART).saturating_sub(late);
            match answers {
                true => clock.answered(log, now.saturating_sub(took), now),
                false => clock.heard(log, now),
            }
            let known = clock.log(now);
            let passed = now - before.0;
            prop_assert!(known + passed / DRIFT >= before.1 + passed, "by {}", before.1 + passed - known);
            before = (now, known);
        }
    }

    #[test]
    fn log_and_local_time_are_inverse(log in 0..u64::MAX / 2, local in 0..u64::MAX / 2, time in 0..u64::MAX / 2) {
        let mut clock = Clock::new(0);
        clock.set(log, local);
        prop_assume!(time.saturating_add(log) >= local && time.saturating_add(local) >= log);
        prop_assert_eq!(clock.local(clock.log(time)), time);
        prop_assert_eq!(clock.log(clock.local(time)), time);
    }
}

#[test]
fn patience_is_that_of_answers_and_doubles_without_one() {
    let mut clock = Clock::new(0);
    assert_eq!(
        clock.patience(),
        LONGEST,
        "nobody knows how slow the log is"
    );
    clock.answered(0, 0, 10 * MILLISECOND);
    assert_eq!(clock.patience(), SHORTEST);
    clock.unanswered();
    assert_eq!(clock.patience(), 2 * SHORTEST);
    clock.unanswered();
    clock.unanswered();
    assert_eq!(clock.patience(), LONGEST);
    clock.answered(0, 0, 10 * MILLISECOND);
    assert_eq!(clock.patience(), SHORTEST);
}

#[test]
fn log_that_became_slow_is_waited_for_as_long_as_it_takes() {
    let mut clock = Clock::new(0);
    let mut now = 0;
    for took in [
        10, 120, 120, 120, 120, 120, 120, 120, 120, 120, 120, 120, 120, 120, 120, 120, 120, 120,
    ] {
        let sent = now;
        now += took * MILLISECOND;
        clock.answered(now, sent, now);
    }
    assert!(
        clock.patience() > 3 * 100 * MILLISECOND,
        "{}",
        clock.patience()
    );
}

#[test]
fn one_answer_that_was_held_up_tells_little() {
    let mut clock = Clock::new(0);
    clock.set(APART, 0);
    for n in 1..50 {
        clock.answered(
            n * SECOND + APART - 5 * MILLISECOND,
            n * SECOND - 10 * MILLISECOND,
            n * SECOND,
        );
    }
    // Its way back took almost a second: were it taken for half of that, the time would be half a second ahead.
    clock.answered(
        50 * SECOND + APART,
        50 * SECOND - 5 * MILLISECOND,
        50 * SECOND + 990 * MILLISECOND,
    );
    let known = clock.log(60 * SECOND);
    assert!(
        known.abs_diff(60 * SECOND + APART) <= 10 * MILLISECOND,
        "{known}"
    );
}
