use super::{Choice, Patience, choose};
use crate::regions::set::Set;
use proptest::prelude::*;
use std::{cell::RefCell, time::Duration};

const PATIENCE: Patience = Patience {
    any: seconds(3),
    at_home: seconds(30),
};

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Chooses among Regions with these waits and colds, in seconds. Says too whose wait was asked for.
fn chosen(offers: &[(u64, u64)]) -> (Option<usize>, Vec<usize>) {
    let asked = RefCell::new(Vec::new());
    let all = 0..offers.len();
    let choice = choose(
        all.clone().collect(),
        all.filter(|region| offers[*region].1 == 0).collect(),
        PATIENCE,
        |region| {
            assert_ne!(offers[region].1, 0, "who is warm is not asked");
            seconds(offers[region].1)
        },
        |region| {
            asked.borrow_mut().push(region);
            seconds(offers[region].0)
        },
    );
    (choice.map(|choice| choice.region), asked.into_inner())
}

#[test]
fn the_first_region_within_patience_is_taken_and_no_later_one_is_asked() {
    assert_eq!(chosen(&[(3, 0), (0, 0)]), (Some(0), vec![0]));
    assert_eq!(chosen(&[(4, 0), (3, 0), (0, 0)]), (Some(1), vec![0, 1]));
}

#[test]
fn beyond_patience_the_least_wait_is_taken_and_of_equal_ones_the_first() {
    assert_eq!(chosen(&[(9, 0), (5, 0), (5, 0)]).0, Some(1));
    assert_eq!(chosen(&[]).0, None);
}

#[test]
fn a_conversation_stays_at_home_within_its_own_patience() {
    assert_eq!(chosen(&[(0, 14), (30, 0)]), (Some(1), vec![1]));
    // Beyond that, what it costs to leave is weighed.
    assert_eq!(chosen(&[(0, 14), (31, 0)]).0, Some(0));
    assert_eq!(chosen(&[(0, 40), (31, 0)]).0, Some(1));
    assert_eq!(chosen(&[(30, 14), (31, 0)]).0, Some(1));
    // The less there is to lose the sooner it leaves.
    assert_eq!(chosen(&[(0, 2), (7, 0)]).0, Some(1));
    assert_eq!(chosen(&[(0, 2), (8, 0)]).0, Some(0));
    assert_eq!(chosen(&[(0, 7), (0, 2), (8, 0)]).0, Some(1));
}

#[test]
fn a_prompt_that_is_warm_in_two_regions_goes_by_the_order_of_the_list() {
    assert_eq!(chosen(&[(2, 0), (0, 0), (0, 6)]), (Some(0), vec![0]));
    assert_eq!(chosen(&[(4, 0), (0, 0), (0, 6)]), (Some(1), vec![0, 1]));
    // Both are better than the third, whose cache is cold.
    assert_eq!(chosen(&[(25, 0), (16, 0), (0, 7)]), (Some(1), vec![0, 1]));
}

#[test]
fn a_call_that_must_start_soon_has_less_patience() {
    let within = |left| PATIENCE.within(Some(seconds(left)));
    assert_eq!((within(1).any, within(1).at_home), (seconds(1), seconds(1)));
    assert_eq!((within(9).any, within(9).at_home), (seconds(3), seconds(9)));
    assert_eq!(PATIENCE.within(None), PATIENCE);
}

#[test]
fn a_region_that_never_lets_the_call_go_is_taken_only_if_all_are_such() {
    let choice = choose(
        Set::one(0).union(Set::one(1)),
        Set::NONE,
        PATIENCE,
        |_| seconds(1),
        |region| [Duration::MAX, seconds(600)][region],
    );
    assert_eq!(choice.map(|choice| choice.region), Some(1));
}

/// The rule in its plainest words, with every offer known.
fn plainest(offers: &[Choice]) -> Option<Choice> {
    let (warm, others): (Vec<_>, Vec<_>) = offers.iter().partition(|offer| offer.cold.is_zero());
    let best = |of: &[Choice]| {
        let first = of.iter().find(|offer| offer.sum() <= PATIENCE.any);
        first
            .or_else(|| of.iter().min_by_key(|offer| offer.sum()))
            .copied()
    };
    if !warm.is_empty() && !others.is_empty() {
        let home = best(&warm)?;
        let lacks = others.iter().map(|offer| offer.cold).min()?;
        if home.wait <= PATIENCE.at_home.min(PATIENCE.any + 2 * lacks) {
            return Some(home);
        }
    }
    if offers.iter().any(|offer| offer.sum() <= PATIENCE.any) {
        return best(offers);
    }
    // Of equal ones a warm one is better.
    offers
        .iter()
        .min_by_key(|offer| (offer.sum(), !offer.cold.is_zero()))
        .copied()
}

proptest! {
    #[test]
    fn it_chooses_as_the_plainest_rule_and_asks_no_region_twice(
        offers in proptest::collection::vec((0_u64..50, prop_oneof![Just(0), 1_u64..20]), 0..6),
    ) {
        let all: Vec<_> = offers
            .iter()
            .enumerate()
            .map(|(region, (wait, cold))| Choice {
                region,
                wait: seconds(*wait),
                cold: seconds(*cold),
            })
            .collect();
        let (choice, mut asked) = chosen(&offers);
        prop_assert_eq!(choice, plainest(&all).map(|choice| choice.region));
        asked.sort_unstable();
        let before = asked.len();
        asked.dedup();
        prop_assert_eq!(asked.len(), before);
    }
}
