use std::time::Duration;

use fastrand::Rng;
use proptest::prelude::*;

use super::{FLOOR, JITTER, Rejections};
use crate::events::GiveUpCause;

const TICK: Duration = Duration::from_millis(1);

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn hints() -> impl Strategy<Value = Vec<Option<Duration>>> {
    let hint = prop_oneof![
        2 => Just(None),
        4 => (0..2_000_u64).prop_map(|ms| Some(millis(ms))),
        1 => (0..20_000_u64).prop_map(|ms| Some(millis(ms))),
        1 => Just(Some(Duration::MAX)),
    ];
    prop::collection::vec(hint, 1..200)
}

proptest! {
    #[test]
    fn waits_are_what_was_asked_for_and_never_more_in_all_than_allowed(
        in_all in 0..30_000_u64,
        hints in hints(),
        seed: u64,
    ) {
        let in_all = millis(in_all);
        let mut rejections = Rejections::new(in_all, Rng::with_seed(seed));
        let (mut spent, mut waits) = (Duration::ZERO, 0_u128);
        for hint in hints {
            let left = in_all - spent;
            let asked = hint.unwrap_or_default();
            match rejections.wait(hint, None) {
                Ok(wait) => {
                    prop_assert!(asked <= wait && asked.max(FLOOR).min(left) <= wait);
                    prop_assert!(wait <= asked.max(FLOOR).saturating_add(JITTER));
                    spent += wait;
                    waits += 1;
                }
                Err(why) => {
                    prop_assert_eq!(why, GiveUpCause::Rejected);
                    prop_assert!(asked > left || left.is_zero());
                }
            }
            prop_assert!(spent <= in_all);
            prop_assert_eq!(rejections.is_used_up(), spent == in_all);
        }
        // Even hints of nothing do not make a call spin.
        prop_assert!(waits <= in_all.as_millis() / FLOOR.as_millis() + 1);
    }

    #[test]
    fn no_wait_ends_later_than_a_tick_before_the_deadline(
        in_all in 0..10_000_u64,
        hint in prop::option::of(0..10_000_u64),
        left in 0..10_000_u64,
        seed: u64,
    ) {
        let (in_all, hint, left) = (millis(in_all), hint.map(millis), millis(left));
        let shortest = hint.unwrap_or_default().max(FLOOR).min(in_all);
        let mut rejections = Rejections::new(in_all, Rng::with_seed(seed));
        match rejections.wait(hint, Some(left)) {
            Ok(wait) => prop_assert!(shortest <= wait && wait + TICK < left),
            Err(GiveUpCause::Rejected) => {
                prop_assert!(in_all.is_zero() || hint.is_some_and(|hint| hint > in_all));
            }
            Err(why) => {
                prop_assert_eq!(why, GiveUpCause::Deadline);
                prop_assert!(shortest + TICK >= left);
            }
        }
    }
}

#[test]
fn callers_refused_together_do_not_come_back_together() {
    let waits = (0..100).map(|seed| {
        let mut rejections = Rejections::new(millis(5_000), Rng::with_seed(seed));
        rejections.wait(Some(millis(2_000)), None).unwrap()
    });
    let waits: std::collections::BTreeSet<_> = waits.collect();
    assert_eq!(waits.len(), 100);
    assert!(*waits.last().unwrap() - *waits.first().unwrap() > millis(900));
}

#[test]
fn time_without_end_neither_overflows_nor_panics() {
    let mut rejections = Rejections::new(Duration::MAX, Rng::with_seed(1));
    for _ in 0..3 {
        rejections.wait(Some(millis(1)), None).unwrap();
    }
    let left = rejections.left;
    assert_eq!(rejections.wait(Some(left), None), Ok(left));
    assert_eq!(rejections.wait(None, None), Err(GiveUpCause::Rejected));
}
