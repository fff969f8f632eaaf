use super::{GENERATION, KEPT, Key, Note, Warmth};
use proptest::prelude::*;
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

fn key(conversation: u64) -> Key {
    Key {
        conversation,
        model_and_tenant: 0,
    }
}

fn note(
    warmth: &mut Warmth,
    conversation: u64,
    region: usize,
    tokens: u64,
    is_shared: bool,
    now: Instant,
) {
    let note = Note {
        region,
        tokens,
        until: now + KEPT,
        is_shared,
        now,
    };
    drop(warmth.note(key(conversation), &note));
}

fn missing(warmth: &Warmth, conversation: u64, now: Instant) -> Option<[u64; 3]> {
    let held = warmth.held(&key(conversation), now)?;
    Some([0, 1, 2].map(|region| held.missing(region)))
}

#[test]
fn a_region_lacks_what_the_warmest_one_has() {
    let (mut warmth, now) = (Warmth::default(), Instant::now());
    assert_eq!(missing(&warmth, 1, now), None);
    note(&mut warmth, 1, 1, 20_000, false, now);
    assert_eq!(missing(&warmth, 1, now), Some([20_000, 0, 20_000]));
    assert_eq!(missing(&warmth, 2, now), None);
    // It moved, and grew.
    note(&mut warmth, 1, 0, 25_000, false, now);
    assert_eq!(missing(&warmth, 1, now), Some([0, 5_000, 25_000]));
    // A little is nothing.
    note(&mut warmth, 1, 1, 24_500, false, now);
    assert_eq!(missing(&warmth, 1, now), Some([0, 0, 25_000]));
}

#[test]
fn a_cache_forgets_after_its_time() {
    let (mut warmth, now) = (Warmth::default(), Instant::now());
    note(&mut warmth, 1, 0, 9_000, false, now);
    let last = now + KEPT - Duration::from_secs(1);
    assert_eq!(missing(&warmth, 1, last), Some([0, 9_000, 9_000]));
    assert_eq!(missing(&warmth, 1, now + KEPT), None);
}

#[test]
fn of_a_shared_prompt_the_common_part_counts() {
    let (mut warmth, now) = (Warmth::default(), Instant::now());
    for (region, tokens) in [(0, 5_000), (0, 9_000), (1, 12_000), (1, 5_100)] {
        note(&mut warmth, 1, region, tokens, true, now);
    }
    assert_eq!(missing(&warmth, 1, now), Some([0, 0, 5_100]));
}

#[test]
fn an_answer_without_a_cache_leaves_nothing_there() {
    let (mut warmth, now) = (Warmth::default(), Instant::now());
    note(&mut warmth, 1, 0, 9_000, false, now);
    note(&mut warmth, 1, 0, 0, false, now);
    assert_eq!(missing(&warmth, 1, now), None);
    assert!(warmth.young.is_empty());
}

#[test]
fn a_flood_of_conversations_is_forgotten_and_the_latest_are_not() {
    let (mut warmth, now) = (Warmth::default(), Instant::now());
    let all = 5 * GENERATION as u64;
    for conversation in 0..all {
        note(&mut warmth, conversation, 0, 9_000, false, now);
        // This one goes on all the time.
        if conversation % 1_000 == 0 {
            note(&mut warmth, u64::MAX, 1, 7_000, false, now);
        }
        assert!(warmth.young.len() <= GENERATION && warmth.old.len() <= GENERATION);
    }
    assert_eq!(missing(&warmth, u64::MAX, now), Some([7_000, 0, 7_000]));
    for latest in all - GENERATION as u64 / 2..all {
        assert!(missing(&warmth, latest, now).is_some(), "{latest}");
    }
    assert_eq!(missing(&warmth, 0, now), None);
}

proptest! {
    /// The plainest model: the last note of each Region, as long as its time has not passed.
    #[test]
    fn it_knows_the_last_note_of_each_region(
        steps in proptest::collection::vec((0_u64..3, 0_usize..3, 0_u64..50_000, 0_u64..200), 0..80),
    ) {
        let mut warmth = Warmth::default();
        let mut plain: HashMap<(u64, usize), (u64, Instant)> = HashMap::new();
        let mut now = Instant::now();
        for (conversation, region, tokens, seconds) in steps {
            note(&mut warmth, conversation, region, tokens, false, now);
            plain.insert((conversation, region), (tokens, now + KEPT));
            now += Duration::from_secs(seconds);
            for conversation in 0..3 {
                let tokens = [0, 1, 2].map(|region| {
                    let place = plain.get(&(conversation, region));
                    place.filter(|(_, until)| *until > now).map_or(0, |(tokens, _)| *tokens)
                });
                let most = tokens.into_iter().max().unwrap();
                let expected = (most > 0).then(|| tokens.map(|tokens| {
                    Some(most - tokens).filter(|missing| *missing > most / 32).unwrap_or(0)
                }));
                prop_assert_eq!(missing(&warmth, conversation, now), expected);
            }
        }
    }
}
