use std::time::Duration;

use proptest::prelude::*;

use super::TICK;
use crate::waits::{Backoff, Delays, Jitter};

const JITTERS: [Jitter; 4] = [
    Jitter::Full,
    Jitter::Equal,
    Jitter::Decorrelated,
    Jitter::None,
];

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn backoffs() -> impl Strategy<Value = Backoff> {
    (0..5_000_u64, 0..100_000_u64, 0..JITTERS.len()).prop_map(|(base, more, jitter)| {
        Backoff::new(millis(base), millis(base + more)).jitter(JITTERS[jitter])
    })
}

/// The shortest and the longest delay allowed, from the words of the documentation.
fn bounds(backoff: Backoff, retry: u32, previous: Option<Duration>) -> (Duration, Duration) {
    let mut step = backoff.base();
    for _ in 0..retry {
        step = (step * 2).min(backoff.cap());
    }
    match backoff.spread() {
        Jitter::Full => (Duration::ZERO, step),
        Jitter::Equal => (step / 2, step),
        Jitter::None => (step, step),
        Jitter::Decorrelated => {
            let triple = previous.unwrap_or(backoff.base()) * 3;
            (backoff.base(), triple.min(backoff.cap()))
        }
    }
}

proptest! {
    #[test]
    fn every_delay_is_where_its_jitter_puts_it(backoff in backoffs(), seed: u64) {
        let mut previous = None;
        for (retry, delay) in (0..40).zip(backoff.delays(seed)) {
            let (low, high) = bounds(backoff, retry, previous);
            prop_assert!(low <= delay && delay <= high, "{delay:?} not in {low:?}..={high:?}");
            prop_assert!(delay <= backoff.cap());
            previous = Some(delay);
        }
    }

    #[test]
    fn steps_grow_until_they_reach_the_cap_whatever_base_and_cap(
        base in 1..u64::MAX,
        more in 0..u64::MAX,
        nanos in 0..1_000_000_000_u32,
        shift in 0..64_u32,
    ) {
        let base = Duration::from_nanos(base >> shift).max(Duration::from_nanos(1));
        let cap = Duration::new(more >> (63 - shift), nanos).max(base);
        for jitter in [Jitter::Full, Jitter::Equal, Jitter::None] {
            let mut delays = Backoff::new(base, cap).jitter(jitter).delays(1);
            let mut before = Duration::ZERO;
            // 2^94 nanoseconds are more than the longest duration.
            for _ in 0..95 {
                let step = delays.ceiling();
                prop_assert!(before <= step && step <= cap);
                prop_assert!(step == cap || before == Duration::ZERO || step == before * 2);
                before = step;
                delays.next();
            }
            prop_assert_eq!(before, cap);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_delays(backoff in backoffs(), seed: u64) {
        let twice = [(); 2].map(|()| backoff.delays(seed).take(20).collect::<Vec<_>>());
        prop_assert_eq!(&twice[0], &twice[1]);
    }

    #[test]
    fn a_hint_is_never_undercut_and_its_jitter_is_at_most_the_step(
        backoff in backoffs(),
        seed: u64,
        hints in prop::collection::vec(0..200_000_u64, 1..20),
    ) {
        let mut delays = backoff.delays(seed);
        for (retry, hint) in (0..).zip(hints) {
            let before = delays.previous;
            let hint = millis(hint);
            let wait = delays.wait(Some(hint), None).unwrap();
            let most = match backoff.spread() {
                Jitter::None => Duration::ZERO,
                _ => bounds(backoff, retry, Some(before)).1,
            };
            prop_assert!(hint <= wait && wait <= hint + most);
        }
    }

    #[test]
    fn no_wait_ends_later_than_a_tick_before_the_deadline(
        backoff in backoffs(),
        seed: u64,
        hint in prop::option::of(0..20_000_u64),
        left in 0..20_000_u64,
    ) {
        let (hint, left) = (hint.map(millis), millis(left));
        let wait = backoff.delays(seed).wait(hint, Some(left));
        if let Ok(wait) = wait {
            prop_assert!(wait + TICK < left);
        }
        match hint {
            // A hint that fits is always taken: its jitter gives way.
            Some(hint) => prop_assert_eq!(wait.is_ok(), hint + TICK < left),
            None => {
                let unbound = backoff.delays(seed).wait(None, None).unwrap();
                prop_assert_eq!(wait.ok(), (unbound + TICK < left).then_some(unbound));
            }
        }
    }
}

#[test]
fn a_nanosecond_grows_to_a_day() {
    let day = millis(86_400_000);
    let backoff = Backoff::new(Duration::from_nanos(1), day).jitter(Jitter::None);
    assert_eq!(backoff.delays(0).nth(47), Some(day));
    assert!(backoff.delays(0).nth(46).unwrap() < day);
}

#[test]
fn full_and_equal_jitter_use_their_whole_width() {
    let backoff = Backoff::new(millis(1_000), millis(1_000));
    let widths = [(Jitter::Full, 0, 1_000), (Jitter::Equal, 500, 1_000)];
    for (jitter, low, high) in widths {
        let delays: Vec<_> = backoff.jitter(jitter).delays(7).take(1_000).collect();
        let twentieth = millis((high - low) / 20);
        assert!(delays.iter().min().unwrap() < &(millis(low) + twentieth));
        assert!(delays.iter().max().unwrap() > &(millis(high) - twentieth));
        let mean = delays.iter().sum::<Duration>() / 1_000;
        assert!(mean.abs_diff(millis(low + high) / 2) < twentieth);
    }
}

#[test]
fn callers_with_the_same_hint_do_not_come_back_together() {
    let backoff = Backoff::new(millis(1_000), millis(60_000)).jitter(Jitter::Equal);
    let waits = (0..100).map(|seed| {
        backoff
            .delays(seed)
            .wait(Some(millis(5_000)), None)
            .unwrap()
    });
    let distinct: std::collections::HashSet<_> = waits.collect();
    assert_eq!(distinct.len(), 100);
}

#[test]
fn extreme_durations_neither_overflow_nor_panic() {
    for jitter in JITTERS {
        let backoff = Backoff::new(millis(1), Duration::MAX).jitter(jitter);
        let mut delays: Delays = backoff.delays(1);
        for _ in 0..100 {
            let longest = delays.wait(Some(Duration::MAX), None);
            assert_eq!(
                longest,
                Ok(Duration::MAX),
                "without a deadline it is a wait like any"
            );
            delays.wait(Some(millis(1)), None).unwrap();
            delays.next().unwrap();
        }
    }
}
