use proptest::prelude::*;

use super::*;

const MINUTE: u64 = 60 * SECOND;

proptest! {
    /// A server whose windows begin at `begins`, filled at once when a sliding window has room: the
    /// questions find it, and what is found is never wrong. Where the two coincide there is no need.
    #[test]
    fn finds_when_a_window_begins(begins in 5 * SECOND..50 * SECOND) {
        let mut phase = Phase::new(MINUTE);
        let (mut now, mut full, mut throttled) = (2 * MINUTE, 2 * MINUTE, 0);
        while phase.is_in_doubt(now) {
            // The burst of a minute is sent once the last one is a minute old.
            full = full.max(full + (now - full) / MINUTE * MINUTE);
            if phase.is_telling(now, (full, full)) {
                let last_begin = now - (now - begins) % MINUTE;
                phase.ask(now, (full, full), 1);
                phase.answered(now, last_begin > full, now);
                throttled += u32::from(last_begin <= full);
            }
            now += SECOND;
            prop_assert!(now < 100 * MINUTE, "it is found within so many minutes");
        }
        prop_assert!(throttled <= 8, "{} throttles", throttled);
        if let Some(begun) = phase.begun(now, 0) {
            prop_assert!((begins + MINUTE - begun % MINUTE) % MINUTE <= NEAR + TURNAROUND);
        }
    }
}

#[test]
fn window_that_slides_is_given_up() {
    let mut phase = Phase::new(MINUTE);
    let mut now = 60 * SECOND;
    for _ in 0..200 {
        let full = now - 40 * SECOND;
        if phase.is_telling(now, (full, full)) {
            phase.ask(now, (full, full), 1);
            phase.answered(now, false, now);
        }
        now += SECOND;
    }
    assert_eq!((phase.begun(now, 0), phase.next(now, 0)), (None, None));
    assert!(!phase.is_in_doubt(now));
}

#[test]
fn refunds_before_the_call_came_take_the_question_back() {
    let mut phase = Phase::new(MINUTE);
    phase.ask(30 * SECOND, (0, 0), 100);
    phase.refunded(30 * SECOND + TURNAROUND, 100);
    phase.answered(30 * SECOND, true, 31 * SECOND);
    assert_eq!(phase.begun(40 * SECOND, 0), None);
}

#[test]
fn nothing_is_asked_just_after_a_window_was_filled() {
    let phase = Phase::new(MINUTE);
    let full = (5 * SECOND, 6 * SECOND);
    for later in [0, 1, 14] {
        assert!(!phase.is_telling(full.1 + later * SECOND, full), "{later}");
    }
    assert!(phase.is_telling(full.1 + 15 * SECOND, full));
}
