use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn counts_the_span_and_at_most_a_fifth_more(gaps in proptest::collection::vec((0..700_u64, 0..100_u64), 1..100)) {
        let mut recent = Recent::new(1_000);
        let mut all = Vec::new();
        let mut now = 0;
        for (gap, amount) in gaps {
            now += gap;
            recent.add(now, amount);
            all.push((now, amount));
            let within = |age: u64| -> u64 { all.iter().filter(|one| now - one.0 < age).map(|one| one.1).sum() };
            let sum = recent.sum(now);
            prop_assert!(within(1_000) <= sum && sum <= within(1_201), "{} {} {}", within(1_000), sum, within(1_201));
        }
    }
}

#[test]
fn what_is_taken_back_was_never_there() {
    for gap in 0..40 {
        let mut recent = Recent::new(100);
        recent.add(1000, 7);
        recent.add(1000 + gap, 5);
        recent.add(1040, 3);
        recent.take(1050, 1000 + gap, 5);
        assert_eq!(recent.sum(1050), 10, "{gap}");
        // What is gone already is not taken from others.
        recent.take(1125, 1000, 7);
        assert_eq!(recent.sum(1130), 3, "{gap}");
    }
}
