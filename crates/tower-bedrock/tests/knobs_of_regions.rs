//! The knobs of `Regions` come first.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};
use tower_bedrock::{Regions, StackLayer};

type Knob = (&'static str, fn(Regions<()>) -> Regions<()>);

const SECOND: Duration = Duration::from_secs(1);

const KNOBS: [Knob; 8] = [
    ("patience", |regions| regions.patience(SECOND)),
    ("conversation_patience", |regions| {
        regions.conversation_patience(SECOND)
    }),
    ("model_in", |regions| regions.model_in("b", "us.", "eu.")),
    ("models", |regions| regions.models(|_, _| None)),
    ("or_model", |regions| regions.or_model("one", "other")),
    ("other_model_after", |regions| {
        regions.other_model_after(SECOND)
    }),
    ("left_out_for", |regions| regions.left_out_for(SECOND)),
    ("share_answers", |regions| regions.share_answers(false)),
];

type Share = (&'static str, fn(&Regions<()>));

const SHARES: [Share; 3] = [
    ("clone", |regions| drop(regions.clone())),
    ("new", |regions| drop(StackLayer::new(regions))),
    ("for_web_server", |regions| {
        drop(StackLayer::for_web_server(regions));
    }),
];

fn regions() -> Regions<()> {
    Regions::of([("a", ()), ("b", ())])
}

fn said<T>(turn: impl FnOnce() -> T) -> Option<String> {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(turn()))).err()?;
    let said = panic.downcast_ref::<String>().cloned();
    said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()))
}

#[test]
fn a_knob_of_shared_regions_panics() {
    for (knob, turn) in KNOBS {
        assert_eq!(said(|| turn(regions())), None, "{knob}");
        for (with, share) in SHARES {
            let regions = regions();
            share(&regions);
            let said = said(|| turn(regions)).unwrap_or_default();
            let expected = "`Regions` are already shared: turn their knobs before";
            assert!(said.starts_with(expected), "{knob} after {with}: {said}");
        }
        let clone = regions().clone();
        assert!(said(|| turn(clone)).is_some(), "{knob} of a clone");
    }
}

#[test]
fn a_rule_for_a_region_that_is_not_listed_panics() {
    let said = said(|| regions().model_in("c", "us.", "eu.")).unwrap_or_default();
    assert_eq!(said, "`c` is not one of the `Regions`: a, b");
}

#[test]
fn every_knob_is_in_the_list() {
    let source = include_str!("../src/regions/regions.rs");
    let starts = source.split("pub fn ").skip(1);
    let heads = starts.filter_map(|rest| rest.split_once('('));
    let takes_it = |rest: &str| rest.trim_start().starts_with("self,");
    let knobs = heads.filter(|(_, rest)| takes_it(rest));
    let mut knobs: Vec<_> = knobs.map(|(name, _)| name).collect();
    knobs.sort_unstable();
    let mut listed: Vec<_> = KNOBS.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    assert_eq!(knobs, listed);
}
