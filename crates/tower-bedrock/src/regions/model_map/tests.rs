use super::id_in;
use crate::regions::settings::{PrefixRule, Settings};
use proptest::prelude::*;

const BARE: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const US: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const EU: &str = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
const GLOBAL: &str = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";

const FIRST: &str = "us-east-1";
const REGIONS: [&str; 5] = [
    FIRST,
    "us-west-2",
    "us-east-1 batch account",
    "eu-west-1",
    "ap-northeast-1",
];

/// Where `id` may go, and by which id.
fn places(map: &Settings, id: &str) -> Vec<(&'static str, String)> {
    let place = |region| Some((region, id_in(map, region, id)?.into_owned()));
    REGIONS.into_iter().filter_map(place).collect()
}

fn as_it_is(id: &str, regions: &[&'static str]) -> Vec<(&'static str, String)> {
    regions
        .iter()
        .map(|region| (*region, id.to_owned()))
        .collect()
}

fn listed() -> Settings {
    Settings::new(REGIONS.into_iter().map(Into::into).collect())
}

fn with(region: &str, from: &str, to: &str) -> Settings {
    let mut map = listed();
    set(&mut map, region, from, to);
    map
}

fn set(map: &mut Settings, region: &str, from: &str, to: &str) {
    map.prefixes.push(PrefixRule {
        region: region.into(),
        from: from.into(),
        to: to.into(),
    });
}

#[test]
fn nothing_crosses_a_geography_by_itself() {
    let map = listed();
    let us = &REGIONS[..3];
    for id in [BARE, GLOBAL, US] {
        assert_eq!(places(&map, id), as_it_is(id, us), "{id}");
    }
    assert_eq!(places(&map, EU), as_it_is(EU, &["eu-west-1"]));
    assert_eq!(
        places(&map, "jp.a.b"),
        as_it_is("jp.a.b", &["ap-northeast-1"])
    );
    assert_eq!(places(&map, "sa.a.b"), []);
}

#[test]
fn an_arn_goes_where_it_names() {
    let map = listed();
    for resource in [
        "application-inference-profile/a1b2c3",
        "provisioned-model/a1b2c3",
        "inference-profile/us.a.b",
        "inference-profile/eu.a.b",
    ] {
        let arn = format!("arn:aws:bedrock:us-east-1:123456789012:{resource}");
        let there = as_it_is(&arn, &[FIRST, "us-east-1 batch account"]);
        assert_eq!(places(&map, &arn), there, "{arn}");
    }
    let nowhere = "arn:aws:bedrock:ap-southeast-2:1:custom-model/a";
    assert_eq!(places(&map, nowhere), []);
    // Of one that names no Region the id decides.
    let anywhere = format!("arn:aws:bedrock:::inference-profile/{EU}");
    assert_eq!(places(&map, &anywhere), as_it_is(&anywhere, &["eu-west-1"]));
}

#[test]
fn a_rule_names_the_model_in_another_geography() {
    let map = with("eu-west-1", "us.", "eu.");
    let mut expected = as_it_is(US, &REGIONS[..3]);
    expected.push(("eu-west-1", EU.to_owned()));
    assert_eq!(places(&map, US), expected);
    let arn = format!("arn:aws:bedrock:us-east-1:1:inference-profile/{US}");
    assert_eq!(id_in(&map, "eu-west-1", &arn).as_deref(), Some(EU));
    // It says nothing of others.
    assert_eq!(places(&map, BARE), as_it_is(BARE, &REGIONS[..3]));
    assert_eq!(places(&map, "us-gov.a.b"), []);
}

#[test]
fn the_longest_beginning_wins_and_a_later_rule_of_equal_ones() {
    let mut map = with("eu-west-1", "us.", "eu.");
    set(&mut map, "eu-west-1", "us.anthropic.", "global.anthropic.");
    assert_eq!(id_in(&map, "eu-west-1", US).as_deref(), Some(GLOBAL));
    assert_eq!(
        id_in(&map, "eu-west-1", "us.a.b").as_deref(),
        Some("eu.a.b")
    );
    set(&mut map, "eu-west-1", "us.", "");
    assert_eq!(id_in(&map, "eu-west-1", "us.a.b").as_deref(), Some("a.b"));
}

#[test]
fn an_empty_beginning_is_for_ids_without_a_geography() {
    let map = with("eu-west-1", "", "");
    assert_eq!(id_in(&map, "eu-west-1", BARE).as_deref(), Some(BARE));
    for id in [
        US,
        GLOBAL,
        "arn:aws:bedrock:us-east-1:1:provisioned-model/a",
    ] {
        assert_eq!(id_in(&map, "eu-west-1", id), None, "{id}");
    }
    let map = with("eu-west-1", "", "eu.");
    assert_eq!(id_in(&map, "eu-west-1", BARE).as_deref(), Some(EU));
}

#[test]
fn a_closure_comes_before_rules_and_leaves_the_rest_to_them() {
    let mut map = with("eu-west-1", "us.", "eu.");
    map.models = Some(Box::new(|region: &str, id: &str| {
        let arn = "arn:aws:bedrock:us-west-2:1:application-inference-profile/west";
        (region == "us-west-2" && id.ends_with("/east")).then(|| arn.to_owned())
    }));
    let east = "arn:aws:bedrock:us-east-1:1:application-inference-profile/east";
    let west = id_in(&map, "us-west-2", east).unwrap();
    assert!(west.ends_with("/west"), "{west}");
    assert_eq!(id_in(&map, FIRST, east).as_deref(), Some(east));
    assert_eq!(id_in(&map, "eu-west-1", US).as_deref(), Some(EU));
}

#[test]
fn a_closure_keeps_a_model_out_of_a_region_by_an_empty_id() {
    let mut map = with("eu-west-1", "us.", "eu.");
    map.models = Some(Box::new(|region: &str, _: &str| {
        (region != FIRST).then(String::new)
    }));
    assert_eq!(id_in(&map, FIRST, US).as_deref(), Some(US));
    assert_eq!(id_in(&map, "us-west-2", US), None);
    assert_eq!(id_in(&map, "eu-west-1", US), None);
}

proptest! {
    /// Whatever an id looks like, without a rule it goes as it is or not at all, and never from the one
    /// geography to the other.
    #[test]
    fn without_a_rule_an_id_stays_in_its_geography(id in "([a-z-]{0,6}\\.)?[a-z.:/-]{0,20}") {
        let map = listed();
        let there = places(&map, &id);
        for (_, sent) in &there {
            prop_assert_eq!(sent, &id);
        }
        let is_in = |start: &str| there.iter().any(|(region, _)| region.starts_with(start));
        prop_assert!([is_in("us-"), is_in("eu-"), is_in("ap-")].iter().filter(|is| **is).count() <= 1);
    }
}
