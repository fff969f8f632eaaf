use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

proptest! {
    /// Beside a map: those from the first on are there, however many came and were forgotten.
    #[test]
    fn keeps_those_that_are_not_forgotten(begins in 0..20_u64, steps in proptest::collection::vec(0..6_u64, 1..200)) {
        let mut ring = Ring::new();
        let mut model = BTreeMap::new();
        let mut first = begins;
        for (number, forgets) in (begins..).zip(steps) {
            ring.push(first, number, 7 * number);
            model.insert(number, 7 * number);
            for (number, value) in &model {
                prop_assert_eq!(ring.get(*number), value);
            }
            first = (first + forgets / 2).min(number);
            model.retain(|number, _| *number >= first);
            prop_assert!(ring.slots.len() as u64 <= (2 * (number - begins + 1)).max(2));
        }
    }
}
