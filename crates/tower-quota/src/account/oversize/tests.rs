use super::*;

const PERIOD: u64 = 60 * SECOND;

/// A call of that size is sent again and again, as early as it is told to be worth a try. Says when
/// each attempt was throttled.
fn retried(oversize: &mut Oversize, tokens: u64, attempts: usize) -> Vec<u64> {
    let mut at = 0;
    let attempts = (0..attempts).map(|_| {
        let throttled = at + 50 * crate::account::MILLISECOND;
        at = throttled + oversize.note_throttle(throttled, at, tokens, PERIOD);
        oversize.note_answer(throttled, 1000);
        throttled / SECOND
    });
    attempts.collect()
}

#[test]
fn a_call_that_is_throttled_for_a_period_is_rejected_and_so_are_larger_ones() {
    let mut oversize = Oversize::default();
    let rejects = |oversize: &Oversize, tokens| oversize.rejects(62 * SECOND, tokens, PERIOD);
    assert_eq!(retried(&mut oversize, 64_000, 5), [0, 2, 6, 14, 30]);
    assert!(!rejects(&oversize, 64_000));
    let mut oversize = Oversize::default();
    assert_eq!(retried(&mut oversize, 64_000, 6)[5], 60);
    assert!(rejects(&oversize, 64_000) && rejects(&oversize, u64::MAX));
    assert!(!rejects(&oversize, 63_999));
}

#[test]
fn an_answer_to_such_a_call_ends_it() {
    let mut oversize = Oversize::default();
    retried(&mut oversize, 64_000, 6);
    oversize.note_answer(61 * SECOND, 64_000);
    assert!(!oversize.rejects(62 * SECOND, 64_000, PERIOD));
    assert_eq!(oversize.over_at(), 0);
}

#[test]
fn nothing_is_concluded_where_nothing_is_answered() {
    let mut oversize = Oversize::default();
    for second in 0..100 {
        let at = second * SECOND;
        oversize.note_throttle(at + 1, at, 64_000, PERIOD);
    }
    assert!(!oversize.rejects(100 * SECOND, 64_000, PERIOD));
    // Nor by an answer before that.
    let mut oversize = Oversize::default();
    oversize.note_answer(0, 1000);
    for second in 0..100 {
        let at = second * SECOND;
        oversize.note_throttle(at + 1, at, 64_000, PERIOD);
    }
    assert!(!oversize.rejects(100 * SECOND, 64_000, PERIOD));
}

#[test]
fn calls_under_way_at_the_same_time_count_once() {
    let mut oversize = Oversize::default();
    for at in [0, 30, 61] {
        for _ in 0..10 {
            oversize.note_throttle(at * SECOND + 1, at * SECOND, 64_000, PERIOD);
        }
        oversize.note_answer(at * SECOND + 2, 10);
    }
    assert!(!oversize.rejects(62 * SECOND, 64_000, PERIOD));
    oversize.note_throttle(63 * SECOND, 62 * SECOND, 64_000, PERIOD);
    assert!(oversize.rejects(63 * SECOND, 64_000, PERIOD));
}

#[test]
fn one_is_sent_again_after_a_while_and_speaks_for_the_next() {
    let mut oversize = Oversize::default();
    retried(&mut oversize, 64_000, 6);
    let later = 60 * SECOND + HOLDS + SECOND;
    assert!(!oversize.rejects(later, 64_000, PERIOD));
    oversize.note_answer(later, 10);
    oversize.note_throttle(later + 1, later, 64_000, PERIOD);
    assert!(oversize.rejects(later + 1, 64_000, PERIOD));
}
