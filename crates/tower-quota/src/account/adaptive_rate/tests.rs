use proptest::prelude::*;

use super::*;

/// So much went through in the last minute.
fn passed(pace: u64) -> Passed {
    Passed {
        pace,
        short: 0,
        time: 60 * SECOND,
        period: 60 * SECOND,
    }
}

#[test]
fn a_throttle_cuts_once_for_all_calls_under_way() {
    let mut pace = AdaptiveRate::new(ONE, false, 0);
    let full = passed(ONE);
    assert!(pace.throttled(10 * SECOND, 8 * SECOND, full).is_some());
    let cut = pace.now();
    assert!(cut < ONE && cut > ONE / 10 * 8);
    assert_eq!(pace.throttled(11 * SECOND, 9 * SECOND, full), None);
    // Neither do calls from before it show that the new pace goes well.
    pace.succeeded(12 * SECOND, 9 * SECOND, true);
    assert_eq!(pace.now(), cut);
    assert!(pace.is_untried());
    pace.succeeded(13 * SECOND, 12 * SECOND, true);
    let raised = pace.now();
    assert!(pace.throttled(14 * SECOND, 13 * SECOND, full).is_some());
    assert!(pace.now() < raised / 10 * 9);
}

#[test]
fn a_minute_that_is_used_up_does_not_bring_the_pace_to_nothing() {
    let mut pace = AdaptiveRate::new(ONE, true, 0);
    let seconds = |pause: Option<u64>| pause.unwrap() / SECOND;
    let pauses = (1..=8).map(|n| pace.throttled(n * SECOND, n * SECOND, passed(ONE)));
    assert_eq!(
        pauses.map(seconds).collect::<Vec<_>>(),
        [0, 2, 4, 8, 8, 8, 8, 8]
    );
    assert!(pace.now() > ONE / 2);
    pace.succeeded(20 * SECOND, 20 * SECOND, true);
    let pause = pace.throttled(21 * SECOND, 21 * SECOND, passed(ONE));
    assert_eq!(pause, Some(SECOND / 4));
}

#[test]
fn where_nothing_passes_it_pauses_for_a_minute() {
    for probing in [false, true] {
        let mut pace = AdaptiveRate::new(ONE, probing, 0);
        let pauses: Vec<_> = (1..=9)
            .map(|n| pace.throttled(n * SECOND, n * SECOND, passed(0)).unwrap())
            .collect();
        assert_eq!(pauses[6..], [64 * SECOND; 3]);
        assert!(pace.now() >= FLOOR);
    }
}

#[test]
fn successes_bring_the_pace_back_and_not_above() {
    let mut pace = AdaptiveRate::new(ONE, false, 0);
    for second in 1..=5 {
        pace.throttled(second * SECOND, second * SECOND, passed(ONE));
        pace.succeeded(second * SECOND, second * SECOND + 1, false);
    }
    assert!(pace.now() < ONE / 2);
    let mut rises = Vec::new();
    for second in 6..=150 {
        let before = pace.now();
        pace.succeeded(second * SECOND, second * SECOND, false);
        rises.push(pace.now() - before);
    }
    assert!(rises[50] > 4 * rises[5]);
    assert_eq!(pace.now(), ONE);
    assert_eq!(pace.whole_at(), 0);
}

#[test]
fn a_guess_doubles_every_second_while_it_is_used() {
    let mut pace = AdaptiveRate::new(ONE, true, 0);
    pace.succeeded(SECOND, 0, false);
    assert_eq!(pace.now(), ONE);
    for step in 11..=80 {
        pace.succeeded(step * SECOND / 10, 0, true);
    }
    let found = pace.now() / ONE;
    assert!((64..200).contains(&found), "{found}");
}

#[test]
fn the_first_throttle_shows_what_a_bucket_gave() {
    let mut pace = AdaptiveRate::new(100 * ONE, true, 0);
    // 30 a minute: five at once, and 5 more in ten seconds.
    let gave = Passed {
        pace: ONE / 6,
        short: 0,
        time: 10 * SECOND,
        period: 60 * SECOND,
    };
    pace.throttled(10 * SECOND, 10 * SECOND, gave);
    let share = pace.now() as f64 / ONE as f64;
    assert!((share - 0.7 / 2.0).abs() < 0.001, "{share}");
}

#[test]
fn a_slow_pace_rises_by_calls_and_not_by_the_clock() {
    let after = |calls: u64, every: u64| {
        let mut pace = AdaptiveRate::new(ONE, true, 0);
        pace.throttled(SECOND, SECOND, passed(ONE));
        pace.succeeded(SECOND, 2 * SECOND, true);
        pace.throttled(2 * SECOND, 2 * SECOND, passed(ONE));
        let cut = pace.now();
        (1..=calls).for_each(|n| pace.succeeded((2 + n * every) * SECOND, 3 * SECOND, true));
        pace.now() - cut
    };
    assert_eq!(after(10, 4), after(10, 60));
    assert!(after(20, 4) > 3 * after(10, 4));
}

proptest! {
    #[test]
    fn it_stays_in_its_bounds(
        probing: bool,
        steps in proptest::collection::vec(
            (any::<bool>(), any::<bool>(), 0..u64::MAX / 512, 0..2 * ONE, 0..100 * SECOND),
            0..400,
        ),
    ) {
        let mut pace = AdaptiveRate::new(ONE, probing, 0);
        let mut now = 0_u64;
        for (good, waited, time, went, since) in steps {
            now = now.saturating_add(time);
            let before = pace.now();
            if good {
                pace.succeeded(now, now, waited);
                prop_assert!(pace.now() >= before);
            } else {
                let passed = Passed {
                    pace: went,
                    short: went / 8,
                    time: since,
                    period: 60 * SECOND,
                };
                let pause = pace.throttled(now, now, passed);
                prop_assert!(pause.is_none_or(|pause| pause <= 64 * SECOND));
                prop_assert!(pace.now() <= before);
            }
            prop_assert!(pace.now() >= FLOOR && pace.now() <= OPEN);
            prop_assert!(probing || pace.now() <= ONE);
        }
    }
}

#[test]
fn a_guess_that_begins_where_nothing_is_left_stays_until_something_passes() {
    for start in [ONE, OPEN] {
        let mut pace = AdaptiveRate::new(start, true, 0);
        for second in 1..=5 {
            pace.throttled(second * SECOND, second * SECOND, passed(0));
        }
        assert_eq!(pace.now(), start);
        // Probes on from there, and what passes by then is the measure.
        pace.succeeded(70 * SECOND, 69 * SECOND, true);
        assert!(!pace.is_cut());
        pace.throttled(71 * SECOND, 71 * SECOND, passed(ONE / 6));
        assert!(pace.now() < ONE / 7, "{}", pace.now());
    }
}
